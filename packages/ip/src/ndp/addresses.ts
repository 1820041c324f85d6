/**
 * The addresses of this interface: how they come, are proven to be nobody else's, grow old and go. RFC 4862.
 *
 * An address is tentative until nobody has objected to it for a while: packets neither come to it nor leave from it.
 * Time and delays are arguments, deadlines are data.
 *
 * Not here: addresses that change for privacy (RFC 8981), and telling a looped-back question of ours from another's
 * (RFC 7527): a link that loops makes every address a duplicate.
 */
import * as ipv6 from '@mirage/address/ipv6'
import type { Millis } from '@mirage/clock'

/** Addresses of one interface: RFC 4862 leaves it open. Prefixes beyond that give none. */
export const ADDRESSES_MAX = 16
/** Questions whether somebody else has an address, before it is ours: RFC 4862 §5.1. */
export const DUP_ADDR_DETECT_TRANSMITS = 1
/** A shorter lifetime is not believed at once, for anyone on the link can send one: RFC 4862 §5.5.3 e. */
export const TWO_HOURS: Millis = 7_200_000

/** An address of ours. */
export interface Own {
  readonly address: ipv6.Ipv6
  /** Of the network that is on the link with it; 128 where the address alone says nothing. */
  readonly prefixLength: number
  /** Who it comes from: everyone has the first, a person gives the second, a router the third. */
  readonly origin: 'link-local' | 'manual' | 'router'
  isTentative: boolean
  /** After that, new conversations prefer another address; it is no longer ours after the second. */
  preferredUntil: Millis
  validUntil: Millis
  /** Questions left to ask while it is tentative, and when the next is due, or the answer counts as "nobody". */
  probesLeft: number
  probeAt: Millis
}

/** The state. Only the functions of this file change it. */
export interface Addresses {
  /** In the order in which they came. */
  readonly list: Own[]
  /** Grows with every address that comes, goes or may be used. */
  version: number
}

/** What an event leads to. */
export type AddressAction =
  /** Ask whether somebody has `address`, in the group of those who might. */
  | { readonly kind: 'probe'; readonly address: ipv6.Ipv6 }
  /** `own` may be used. */
  | { readonly kind: 'assigned'; readonly own: Own }
  /** Somebody else has it: it is not ours. */
  | { readonly kind: 'duplicate'; readonly own: Own }
  /** Its time is over. */
  | { readonly kind: 'expired'; readonly own: Own }

/** What is known of an address that is added. */
export type Given = Pick<Own, 'address' | 'prefixLength' | 'origin' | 'preferredUntil' | 'validUntil'>

/** None. */
export function create(): Addresses {
  return { list: [], version: 0 }
}

/** Adds an address, first asked for at `probeAt`, if there is room and it is not there. */
export function add(addresses: Addresses, given: Given, probeAt: Millis): boolean {
  const { list } = addresses
  if (list.length >= ADDRESSES_MAX || find(addresses, given.address) !== undefined) return false
  addresses.version += 1
  list.push({ ...given, isTentative: true, probesLeft: DUP_ADDR_DETECT_TRANSMITS, probeAt })
  return true
}

/** Ours, tentative or not. */
export function find({ list }: Addresses, address: ipv6.Ipv6): Own | undefined {
  return list.find((own) => own.address === address)
}

/** That of the link, once it may be used. */
export function linkLocal({ list }: Addresses): ipv6.Ipv6 | undefined {
  return list.find((own) => ipv6.isLinkLocal(own.address) && !own.isTentative)?.address
}

/** Whether packets to `address` are for us. */
export function isAssigned(addresses: Addresses, address: ipv6.Ipv6): boolean {
  return find(addresses, address)?.isTentative === false
}

/** A router says how long the addresses of its prefix live: RFC 4862 §5.5.3 e. */
export function renew(own: Own, preferred: Millis, valid: Millis, now: Millis): void {
  own.preferredUntil = now + preferred
  const left = own.validUntil - now
  if (valid > TWO_HOURS || valid > left) own.validUntil = now + valid
  else if (left > TWO_HOURS) own.validUntil = now + TWO_HOURS
}

/** Somebody else has `address`, or asks for it as we do: RFC 4862 §5.4.5. One that is ours by now stays (RFC 4862 §5.4). */
export function claimed(addresses: Addresses, address: ipv6.Ipv6): readonly AddressAction[] {
  const own = find(addresses, address)
  if (own === undefined || !own.isTentative) return []
  remove(addresses, own)
  return [{ kind: 'duplicate', own }]
}

/** Nobody else has the addresses that are there: they may be used at once, where a person knows the link. */
export function trust(addresses: Addresses): void {
  addresses.version += 1
  for (const own of addresses.list) own.isTentative = false
}

/** Forgets `address`. */
export function drop(addresses: Addresses, address: ipv6.Ipv6): void {
  const own = find(addresses, address)
  if (own !== undefined) remove(addresses, own)
}

/** Forgets those that routers gave: this is a router's interface from now on, of which more is to be told. */
export function dropAdvertised(addresses: Addresses): void {
  addresses.version += 1
  for (const own of addresses.list.slice()) if (own.origin === 'router') remove(addresses, own)
}

/** Time has passed; `retransTimer` is how long an answer may take. */
export function tick(addresses: Addresses, retransTimer: Millis, now: Millis): readonly AddressAction[] {
  const actions: AddressAction[] = []
  for (const own of addresses.list.slice()) {
    if (own.validUntil <= now) {
      remove(addresses, own)
      actions.push({ kind: 'expired', own })
    } else if (own.isTentative && own.probeAt <= now) {
      actions.push(probe(addresses, own, now + retransTimer))
    }
  }
  return actions
}

function probe(addresses: Addresses, own: Own, next: Millis): AddressAction {
  if (own.probesLeft === 0) {
    addresses.version += 1
    own.isTentative = false
    return { kind: 'assigned', own }
  }
  own.probesLeft -= 1
  own.probeAt = next
  return { kind: 'probe', address: own.address }
}

/** When `tick` has something to do. */
export function deadline({ list }: Addresses): Millis {
  let earliest = Infinity
  for (const own of list) {
    earliest = Math.min(earliest, own.validUntil, own.isTentative ? own.probeAt : Infinity)
  }
  return earliest
}

function remove(addresses: Addresses, own: Own): void {
  addresses.version += 1
  addresses.list.splice(addresses.list.indexOf(own), 1)
}

/**
 * The address that a packet to `dst` is sent from: RFC 6724 §5, of whose rules we keep 1, 2, 3 and 8: the destination
 * itself, an address that reaches as far as it must and no farther, one that is not old, the longest common prefix.
 * The rest are about home addresses, several interfaces and addresses that change. `undefined`: there is none.
 */
export function choose({ list }: Addresses, dst: ipv6.Ipv6, now: Millis): ipv6.Ipv6 | undefined {
  let best: Own | undefined
  for (const own of list) {
    if (!own.isTentative && (best === undefined || isBetter(own, best, dst, now))) best = own
  }
  return best?.address
}

function isBetter(a: Own, b: Own, dst: ipv6.Ipv6, now: Millis): boolean {
  if (a.address === dst || b.address === dst) return a.address === dst
  const [scopeA, scopeB, scope] = [scopeOf(a.address), scopeOf(b.address), scopeOf(dst)]
  if (scopeA !== scopeB) return scopeA < scopeB ? scopeA >= scope : scopeB < scope
  const [isOldA, isOldB] = [a.preferredUntil <= now, b.preferredUntil <= now]
  if (isOldA !== isOldB) return isOldB
  return commonLength(a, dst) > commonLength(b, dst)
}

const LINK_SCOPE = 2
const GLOBAL_SCOPE = 14

/** How far an address reaches: RFC 6724 §3.1. */
function scopeOf(address: ipv6.Ipv6): number {
  if (ipv6.isMulticast(address)) return ipv6.group(address, 0) & 0xf
  return ipv6.isLinkLocal(address) || address === ipv6.LOOPBACK ? LINK_SCOPE : GLOBAL_SCOPE
}

/** Bits in which `dst` begins as our address does, up to the length of our prefix: RFC 6724 §2.2. */
function commonLength(own: Own, dst: ipv6.Ipv6): number {
  for (let i = 0; i < 8; i++) {
    const difference = ipv6.group(own.address, i) ^ ipv6.group(dst, i)
    if (difference !== 0) return Math.min(own.prefixLength, i * 16 + Math.clz32(difference) - 16)
  }
  return own.prefixLength
}
