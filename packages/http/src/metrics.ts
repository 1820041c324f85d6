/** Metrics over HTTP: what a server of Prometheus asks for, and what a server of ours tells of itself. */
import { type Metric, counters, gauge } from '@mirage/metrics'
import { CONTENT_TYPE, emit } from '@mirage/metrics/prometheus'
import type { Handler } from './handler.ts'
import { Response, plain } from './response.ts'
import type { Server } from './server.ts'

/** Answers every request, whatever its path, with what `collect` tells at that time. */
export function metricsHandler(collect: () => readonly Metric[]): Handler {
  return ({ method }) => {
    if (method !== 'GET' && method !== 'HEAD') return plain(405, { allow: 'GET, HEAD' })
    return new Response(200, { 'content-type': CONTENT_TYPE, 'cache-control': 'no-store' }, emit(collect()))
  }
}

/** What `server` did. */
export function metricsOf({ counters: counts, connectionCount }: Server): readonly Metric[] {
  return [
    counters('mirage_http_total', 'What the server did and what happened to it, by name.', 'event', {
      ...counts,
    }),
    gauge('mirage_http_connections', 'Connections that are open.', connectionCount),
  ]
}
