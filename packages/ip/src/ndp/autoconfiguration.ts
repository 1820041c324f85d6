/** Addresses that an interface makes itself, in a prefix of the link or of a router: RFC 4862 §5.3, §5.5.3. */
import * as ipv6 from '@mirage/address/ipv6'
import type { Millis } from '@mirage/clock'
import * as addresses from './addresses.ts'
import * as solicitation from './solicitation.ts'
import type { Prefix } from './wire.ts'

/** Who makes them. */
export interface Maker {
  /**
   * The address of ours in a /64 prefix, for the first `attempt`, 0, and for those after it, where somebody else has
   * the one before; `undefined` where there is none left to try.
   */
  readonly addressIn: (prefix: ipv6.Ipv6, attempt: number) => ipv6.Ipv6 | undefined
}

/** Which one, and for how long. */
export type Wanted = Pick<addresses.Own, 'origin' | 'preferredUntil' | 'validUntil'> & {
  readonly prefix: ipv6.Ipv6
}

/** Addresses in one prefix that are tried. */
const ATTEMPTS_MAX = 3

/** Adds the address in a prefix, first asked for at `probeAt`, if there is one and room for it. */
export function add(
  own: addresses.Addresses,
  { addressIn }: Maker,
  { prefix, ...given }: Wanted,
  probeAt: Millis,
  attempt: number = 0,
): void {
  const address = addressIn(prefix, attempt)
  if (address === undefined) return
  addresses.add(own, { address, prefixLength: 64, ...given }, probeAt)
}

/** A router tells of a prefix. Only those of 64 bits leave the 64 that our part of an address has. `chance` is 0 to 1. */
export function advertised(
  all: addresses.Addresses,
  maker: Maker,
  { prefix, isAutonomous, preferredLifetime, validLifetime }: Prefix,
  now: Millis,
  chance: number,
): void {
  if (!isAutonomous || ipv6.isLinkLocal(prefix.address) || ipv6.isMulticast(prefix.address)) return
  if (preferredLifetime > validLifetime || prefix.prefixLength !== 64) return
  const [preferred, valid] = [preferredLifetime * 1000, validLifetime * 1000]
  const isIn = ({ origin, address }: addresses.Own): boolean =>
    origin === 'router' && ipv6.contains(prefix, address)
  const own = all.list.find(isIn)
  if (own !== undefined) return addresses.renew(own, preferred, valid, now)
  if (valid === 0) return
  const until = { preferredUntil: now + preferred, validUntil: now + valid }
  const probeAt = now + chance * solicitation.DELAY_MAX
  add(all, maker, { prefix: prefix.address, origin: 'router', ...until }, probeAt)
}

/** Another address in the prefix of `own`, which somebody else has, if there is one to try. */
export function tryNext(all: addresses.Addresses, maker: Maker, own: addresses.Own, now: Millis): void {
  const { address, origin, preferredUntil, validUntil } = own
  if (origin === 'manual') return
  const prefix = ipv6.network({ address, prefixLength: 64 })
  let attempt = 0
  while (attempt < ATTEMPTS_MAX && maker.addressIn(prefix, attempt) !== address) attempt++
  add(all, maker, { prefix, origin, preferredUntil, validUntil }, now, attempt + 1)
}
