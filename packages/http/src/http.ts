/** HTTP/1.1 for applications: what a handler is given and gives, and `serve`. */
export type { BodyError } from './body.ts'
export type { Headers } from './headers.ts'
export type { Request } from './request.ts'
export { Response, plain, text } from './response.ts'
export type { Fields, Stream } from './response.ts'
export { LIMITS, Server, serve } from './server.ts'
export type { Counters, Handler, Limits, Listener, ListeningOptions, ServerOptions } from './server.ts'
