/** Echoes of our stack, for programs of the kernel's side. */
import type { Stack } from '@mirage/stack'
import type { TcpFlow } from '@mirage/tcp'

/** Sends back what comes to port 7, by TCP and UDP: RFC 862. */
export function echoOn({ tcp, udp }: Stack): void {
  udp.listen(7, ({ src, payload }) => udp.write(src, payload, { srcPort: 7 }))
  tcp.listen(7, (flow) => void echo(flow))
}

async function echo(flow: TcpFlow): Promise<void> {
  for (;;) {
    const read = await flow.read()
    if (!read.ok || read.value === 'eof') break
    await flow.write(read.value)
  }
  flow.close()
}
