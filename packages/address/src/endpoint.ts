/** One end of a conversation: an address and a port. */
import { type IpAddress, isIpv4 } from './ip.ts'
import * as ipv4 from './ipv4.ts'
import * as ipv6 from './ipv6.ts'

/** Where one end of a conversation is reached; `Endpoint<Ipv4>` where only one family can be meant. */
export interface Endpoint<Address extends IpAddress = IpAddress> {
  readonly address: Address
  /** 0 to 65535. */
  readonly port: number
}

/** `10.0.0.2:80`, or `[fd00::2]:80`. */
export function format({ address, port }: Endpoint): string {
  return isIpv4(address) ? `${ipv4.format(address)}:${port}` : `[${ipv6.format(address)}]:${port}`
}
