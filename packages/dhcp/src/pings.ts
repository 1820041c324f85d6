/** Looking for a user of an address by an echo request: RFC 2131 §3.1.2. */
import { type IpAddress, isIpv4 } from '@mirage/address/ip'
import type { Icmp } from '@mirage/icmp'
import { type Random, below } from '@mirage/random'
import type { Prober } from './serve.ts'

const NOTHING = new Uint8Array(0)

/** Echo requests without a payload. A host that answers none is not found. */
export function pings(icmp: Icmp<IpAddress>, random: Random): Prober {
  const id = below(random, 0x1_0000)
  let sequence = 0
  return {
    probe(address) {
      sequence = (sequence + 1) & 0xffff
      // One that cannot be sent finds nobody.
      icmp.echo(address, { id, sequence, payload: NOTHING })
    },
    onAnswer(notify) {
      icmp.onReply(({ src, id: to }) => {
        if (to === id && isIpv4(src)) notify(src)
      })
    },
  }
}
