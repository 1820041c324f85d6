/** One end of a conversation: an address and a port. */
import * as ipv4 from './ipv4.ts'

/** Where one end of a conversation is reached. */
export interface Endpoint {
  readonly address: ipv4.Ipv4
  /** 0 to 65535. */
  readonly port: number
}

/** `10.0.0.2:80`. */
export function format({ address, port }: Endpoint): string {
  return `${ipv4.format(address)}:${port}`
}
