/** Listens on a TCP and a UDP port, and logs what comes. */
import { format } from '@mirage/address/endpoint'
import { type Values, port } from '@mirage/argument'
import * as utf8 from '@mirage/bytes/utf8'
import { source } from '@mirage/console/logs'
import { type Result, err } from '@mirage/result'
import type { Stack } from '@mirage/stack'
import type { TcpFlow } from '@mirage/tcp'

const log = source('network')

export const args = {
  port: port({ doc: 'The TCP and UDP port to listen on.', default: 8080 }),
}

export async function start(
  { stack }: { readonly stack: Stack },
  { port }: Values<typeof args>,
): Promise<Result<void, string>> {
  const tcp = stack.tcp.listen(port, (flow) => void converse(flow))
  const udp = stack.udp.listen(port, ({ src, payload }) => {
    log.info(`datagram from ${format(src)}: ${JSON.stringify(utf8.decode(payload))}`)
    stack.udp.write(src, payload, { srcPort: port })
  })
  if (!tcp.ok || !udp.ok) return err(`port ${port} is in use`)
  log.info(`listening on port ${port}`)
  return new Promise(() => {})
}

/** Logs what the first read of a connection brings, and closes it. */
async function converse(flow: TcpFlow): Promise<void> {
  log.info(`connection from ${format(flow.remote)}`)
  const read = await flow.read()
  if (!read.ok) log.warning(`the connection broke: ${read.error}`)
  else if (read.value === 'eof') log.info('closed without a word')
  else log.info(`read ${read.value.length} bytes: ${JSON.stringify(utf8.decode(read.value))}`)
  flow.close()
}
