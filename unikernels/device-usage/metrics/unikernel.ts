/** Tells over HTTP what its network carried and dropped, as Prometheus reads it. */
import { type Values, port } from '@mirage/argument'
import type { Clock } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import { serve, text } from '@mirage/http'
import { metricsHandler, metricsOf } from '@mirage/http/metrics'
import { type Result, done, err } from '@mirage/result'
import type { Stack } from '@mirage/stack'

const log = source('metrics')

export const args = {
  port: port({ doc: 'The TCP port to listen on.', default: 9100 }),
}

interface Devices {
  readonly clock: Clock
  readonly stack: Stack
}

export async function start(
  { clock, stack }: Devices,
  { port }: Values<typeof args>,
): Promise<Result<void, string>> {
  const metrics = metricsHandler(() => [...stack.metrics(), ...(server.ok ? metricsOf(server.value) : [])])
  const server = serve({
    tcp: stack.tcp,
    port,
    clock,
    handler: (request) => (request.path === '/metrics' ? metrics(request) : text(404, 'see /metrics\n')),
  })
  if (!server.ok) return err(`port ${port} is in use`)
  log.info(`listening on port ${port}`)
  await server.value.closed
  return done
}
