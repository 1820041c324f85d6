/** Sends back what comes, by TCP and UDP; and answers names with the address of who asks. */
import { format } from '@mirage/address/endpoint'
import { type Values, port } from '@mirage/argument'
import { source } from '@mirage/console/logs'
import { type Result, err } from '@mirage/result'
import type { Stack } from '@mirage/stack'
import type { TcpFlow } from '@mirage/tcp'
import { answer } from './dns.ts'

const log = source('echo')

export const args = {
  port: port({ doc: 'The TCP and UDP port to echo on: RFC 862.', default: 7 }),
  dnsPort: port({ doc: 'The UDP port to answer names on.', default: 53 }),
}

export async function start(
  { stack: { tcp, udp } }: { readonly stack: Stack },
  { port, dnsPort }: Values<typeof args>,
): Promise<Result<void, string>> {
  const listening = [
    tcp.listen(port, (flow) => void echo(flow)),
    udp.listen(port, ({ src, dst, payload }) => {
      // Two that echo each other would never end: RFC 862 says nothing of it.
      if (src.port !== port && src.port !== 0) udp.write(src, payload, { src: dst.address, srcPort: port })
    }),
    udp.listen(dnsPort, ({ src, dst, payload }) => {
      const answered = src.port === 0 ? undefined : answer(payload, src.address)
      if (answered !== undefined) udp.write(src, answered, { src: dst.address, srcPort: dnsPort })
    }),
  ]
  if (listening.some(({ ok }) => !ok)) return err(`port ${port} or ${dnsPort} is in use`)
  log.info(`echoes on port ${port}, answers names on port ${dnsPort}`)
  return new Promise(() => {})
}

async function echo(flow: TcpFlow): Promise<void> {
  log.debug(() => `connection from ${format(flow.remote)}`)
  for (;;) {
    const read = await flow.read()
    if (!read.ok || read.value === 'eof') break
    const written = await flow.write(read.value)
    if (!written.ok) break
  }
  flow.close()
}
