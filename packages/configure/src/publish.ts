/** Rules that lead ports of the host into a unikernel: `8080:80`. */
import { type Ipv4, of, parse as parseIpv4 } from '@mirage/address/ipv4'

/** What a rule says. */
export interface PublishRule {
  readonly protocol: 'tcp' | 'udp'
  /** 127.0.0.1, for this machine alone, unless the rule has an address. */
  readonly hostAddress: Ipv4
  /** 0 for one that the host chooses. */
  readonly hostPort: number
  readonly guestPort: number
}

const PORT_MAX = 65_535

/**
 * The rule `[<address>:]<host port>:<port of the unikernel>[/tcp|/udp]`; `undefined` where `text` is none.
 */
export function parsePublish(text: string): PublishRule | undefined {
  const match = /^(?:([0-9.]+):)?([0-9]{1,5}):([0-9]{1,5})(?:\/(tcp|udp))?$/.exec(text)
  if (match === null) return undefined
  const [, addressText, hostText, guestText, protocol] = match
  const address = addressText === undefined ? undefined : parseIpv4(addressText)
  if (address !== undefined && !address.ok) return undefined
  const [hostPort, guestPort] = [Number(hostText), Number(guestText)]
  if (hostPort > PORT_MAX || guestPort > PORT_MAX || guestPort === 0) return undefined
  const hostAddress = address?.value ?? of(127, 0, 0, 1)
  return { protocol: protocol === 'udp' ? 'udp' : 'tcp', hostAddress, hostPort, guestPort }
}
