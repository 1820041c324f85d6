/** Serves the app of app.ts, which knows nothing of unikernels. */
import { type Values, port } from '@mirage/argument'
import type { Clock } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import { serve } from '@mirage/http'
import { fetchHandler } from '@mirage/http/fetch'
import { type Result, done, err } from '@mirage/result'
import type { Stack } from '@mirage/stack'
import { app } from './app.ts'

const log = source('hono')

export const args = {
  port: port({ doc: 'The TCP port to listen on.', default: 80 }),
}

interface Devices {
  readonly clock: Clock
  readonly stack: Stack
}

export async function start(
  { clock, stack }: Devices,
  { port }: Values<typeof args>,
): Promise<Result<void, string>> {
  const handler = fetchHandler((request: Request) => app.fetch(request), globalThis)
  const server = serve({ tcp: stack.tcp, port, clock, handler })
  if (!server.ok) return err(`port ${port} is in use`)
  log.info(`listening on port ${port}`)
  await server.value.closed
  return done
}
