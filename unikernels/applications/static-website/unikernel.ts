/** Serves the files of a store over HTTP. */
import { type Values, port } from '@mirage/argument'
import type { Clock } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import { serve } from '@mirage/http'
import { files as fromStore } from '@mirage/http/static'
import type { KvReader } from '@mirage/kv'
import { type Result, done, err } from '@mirage/result'
import type { Stack } from '@mirage/stack'

const log = source('static-website')

export const args = {
  port: port({ doc: 'The TCP port to listen on.', default: 80 }),
}

interface Devices {
  readonly clock: Clock
  readonly stack: Stack
  readonly files: KvReader
}

export async function start(
  { clock, stack, files }: Devices,
  { port }: Values<typeof args>,
): Promise<Result<void, string>> {
  const server = serve({ tcp: stack.tcp, port, clock, handler: fromStore(files) })
  if (!server.ok) return err(`port ${port} is in use`)
  log.info(`listening on port ${port}`)
  await server.value.closed
  return done
}
