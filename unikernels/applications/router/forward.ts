/** A forwarded port as a person writes it: `tcp:8080:192.168.1.5:80`. */
import { format as formatIpv4, parse as parseIpv4 } from '@mirage/address/ipv4'
import { type Result, err, ok } from '@mirage/result'
import type { PortForward } from '@mirage/router/nat'

export function parse(text: string): Result<PortForward, 'bad-forward'> {
  const [, protocol, outside, host, inside] = /^(tcp|udp):([0-9]+):([0-9.]+):([0-9]+)$/.exec(text) ?? []
  const address = parseIpv4(host ?? '')
  const [port, toPort] = [Number(outside), Number(inside)]
  if (!address.ok || !isPort(port) || !isPort(toPort)) return err('bad-forward')
  return ok({ protocol: protocol === 'tcp' ? 'tcp' : 'udp', port, toAddress: address.value, toPort })
}

/** What `parse` reads. */
export function format({ protocol, port, toAddress, toPort }: PortForward): string {
  return `${protocol}:${port}:${formatIpv4(toAddress)}:${toPort}`
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 0xffff
}
