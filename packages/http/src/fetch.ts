/**
 * Handlers of the Fetch standard, `Request → Response`, as ours: frameworks run unchanged.
 *
 * The classes of the standard are an argument: an engine that has them passes `globalThis`, another whatever
 * implements them. Bodies stream both ways, as fast as whoever reads them.
 */
import { ok } from '@mirage/result'
import type { Body } from './body.ts'
import type { Handler } from './handler.ts'
import type { Request } from './request.ts'
import { type Fields, RESERVED, Response, type Stream, plain } from './response.ts'

/** What we use of the standard's classes. */
export interface FetchClasses<FetchRequest> {
  readonly Request: new (url: string, init: RequestInit) => FetchRequest
  readonly ReadableStream: new (source: Source, strategy: { readonly highWaterMark: number }) => object
  readonly AbortController: new () => AbortSwitch
}

interface AbortSwitch {
  readonly signal: object
  abort(): void
}

interface RequestInit {
  readonly method: string
  readonly headers: [name: string, value: string][]
  // The standard's own types of these three cannot be named here, and differ between engines.
  // oxlint-disable-next-line no-explicit-any
  readonly signal: any
  // oxlint-disable-next-line no-explicit-any
  readonly body?: any
  readonly duplex?: 'half'
}

interface Source {
  pull(controller: Controller): Promise<void>
  cancel(): void
}

interface Controller {
  enqueue(bytes: Uint8Array): void
  close(): void
  error(reason: unknown): void
}

/** What we use of the standard's `Response`. */
export interface FetchResponse {
  readonly status: number
  readonly headers: { forEach(each: (value: string, name: string) => void): void }
  readonly body: { getReader(): Reader } | null
}

interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: unknown }>
  cancel(): Promise<void>
}

/** What a handler may return: one of the standard's responses, now or later. */
type Answer = FetchResponse | Promise<FetchResponse>

/** Bodies of the standard that are there at once are gathered up to this, and sent with their length. */
const GATHERED_MAX = 65536
/** Turns of the queue of promises in which a body that is there at once has come. */
const TURNS = 32

/**
 * Asks `handler` with a request of the standard, whose `signal` aborts when the peer is gone. What the peer
 * asks with a method or a host that the standard has no request for is answered with 400.
 */
export function fetchHandler<FetchRequest>(
  handler: (request: FetchRequest) => Answer,
  classes: FetchClasses<FetchRequest>,
): Handler {
  return async (request) => {
    const asked = requestOf(request, classes)
    if (asked === undefined) return plain(400)
    return responseOf(await handler(asked), request.method)
  }
}

function requestOf<FetchRequest>(
  request: Request,
  classes: FetchClasses<FetchRequest>,
): FetchRequest | undefined {
  const { method, body } = request
  const abort = new classes.AbortController()
  request.onGone(() => abort.abort())
  const init = { method, headers: [...request.headers], signal: abort.signal }
  // The standard knows no body of GET and HEAD: what is sent with them is read over.
  const hasBody = !body.isComplete && method !== 'GET' && method !== 'HEAD'
  const url = `http://${request.host || 'localhost'}${request.path === '*' ? '/*' : request.target}`
  try {
    return new classes.Request(
      url,
      hasBody ? { ...init, body: streamOf(body, classes), duplex: 'half' } : init,
    )
  } catch {
    return undefined
  }
}

/** The stream takes nothing before it is asked, so that a body that nobody wants is not asked for. */
function streamOf(body: Body, classes: FetchClasses<unknown>): object {
  const source: Source = {
    async pull(controller) {
      const read = await body.read()
      if (!read.ok) controller.error(new Error(`the body is ${read.error}`))
      else if (read.value === 'eof') controller.close()
      else controller.enqueue(read.value)
    },
    cancel() {},
  }
  return new classes.ReadableStream(source, { highWaterMark: 0 })
}

async function responseOf(answer: FetchResponse, method: string): Promise<Response> {
  const fields: Record<string, string | string[]> = {}
  const cookies: string[] = []
  let length: number | undefined
  answer.headers.forEach((value, name) => {
    if (name === 'content-length' && /^\d{1,15}$/.test(value)) length = Number(value)
    if (RESERVED.has(name)) return
    if (name === 'set-cookie') cookies.push(value)
    else fields[name] = value
  })
  if (cookies.length > 0) fields['set-cookie'] = cookies
  const { status, body } = answer
  if (method === 'HEAD') {
    void body?.getReader().cancel().catch(ignore)
    return new Response(status, fields, withLength(nothing, length))
  }
  if (body === null) return new Response(status, fields)
  return gathered(status, fields, body.getReader(), length)
}

/** A response whose body is there at once is one write, with its length; of any other, the rest streams. */
async function gathered(
  status: number,
  fields: Fields,
  reader: Reader,
  length: number | undefined,
): Promise<Response> {
  const pieces: Uint8Array[] = []
  let total = 0
  while (total <= GATHERED_MAX) {
    const reading = next(reader)
    const piece = await Promise.race([reading, turns()])
    if (piece === 'later')
      return new Response(status, fields, withLength(rest(pieces, reading, reader), length))
    if (piece === 'eof') return new Response(status, fields, joined(pieces, total))
    pieces.push(piece)
    total += piece.length
  }
  return new Response(status, fields, withLength(rest(pieces, undefined, reader), length))
}

/** The pieces that were read already, the one that is being read, and what follows. */
function rest(
  pieces: Uint8Array[],
  reading: Promise<Uint8Array | 'eof'> | undefined,
  reader: Reader,
): Stream {
  let pending = reading
  return {
    async read() {
      const first = pieces.shift()
      if (first !== undefined) return ok(first)
      const piece = await (pending ?? next(reader))
      pending = undefined
      return ok(piece)
    },
    cancel() {
      pending?.catch(ignore)
      void reader.cancel().catch(ignore)
    },
  }
}

async function next(reader: Reader): Promise<Uint8Array | 'eof'> {
  const { done, value } = await reader.read()
  if (done) return 'eof'
  if (value instanceof Uint8Array) return value
  throw new TypeError('the body of a response is a stream of bytes')
}

async function turns(): Promise<'later'> {
  for (let turn = 0; turn < TURNS; turn++) await Promise.resolve()
  return 'later'
}

const nothing: Stream = { read: async () => ok('eof'), cancel() {} }

function withLength(stream: Stream, length: number | undefined): Stream {
  return length === undefined ? stream : { ...stream, length }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let offset = 0
  for (const piece of pieces) {
    whole.set(piece, offset)
    offset += piece.length
  }
  return whole
}

/** Who cancels does not care how that went. */
function ignore(): void {}
