/**
 * Which address is kept for which client: the memory of a DHCP server, RFC 2131 §4.3.1.
 *
 * There is one entry at most for each address of the ranges, so no number of clients makes it grow. An entry whose
 * time is over stays, so that its client finds its address again, until nothing else is left to give.
 */
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Mac } from '@mirage/address/mac'
import type { Millis } from '@mirage/clock'

/** What an address is kept for. */
export interface Binding {
  /** `declined`: somebody else uses it, who did not get it from us. */
  readonly kind: 'offered' | 'leased' | 'declined'
  /** `id:` and the client identifier, or `mac:` and the MAC address of a client that has none, in hexadecimal. */
  readonly client: string
  readonly mac: Mac
  readonly until: Millis
}

/** Who is to have an address. */
export interface Client {
  /** See `Binding`. */
  readonly name: string
  readonly mac: Mac
}

/** Some addresses that follow each other, both ends included. */
export interface Range {
  readonly first: Ipv4
  readonly last: Ipv4
}

/**
 * Offers that wait for their requests at once: beyond that, the oldest is taken back. Who asks in many names and
 * takes none of what is offered keeps no more than this from others.
 */
export const OFFERS_MAX = 128
/** Addresses that rest after a DECLINE: a part of all, and one at least. Beyond that, the oldest is tried again. */
const DECLINED_PART = 1 / 4
/** RFC 2131 §4.3.1: how long an offer waits for its request. */
const OFFER_DURATION: Millis = 60_000
/** An address that somebody else was found to use rests for this long. */
const DECLINE_DURATION: Millis = 600_000

/** The entries of a server. The addresses do not change. */
export class Bindings {
  readonly #entries: Map<Ipv4, Binding> = new Map()
  readonly #addresses: readonly Ipv4[]
  readonly #isOurs: ReadonlySet<Ipv4>
  /** The address of each client that has one, or had it last. */
  readonly #byClient: Map<string, Ipv4> = new Map()

  /** `addresses` in the order in which they are given. */
  constructor(addresses: readonly Ipv4[]) {
    this.#addresses = addresses
    this.#isOurs = new Set(addresses)
  }

  get entries(): ReadonlyMap<Ipv4, Binding> {
    return this.#entries
  }

  /** How many addresses there are to give. */
  get size(): number {
    return this.#addresses.length
  }

  /** Whether `address` is one of those that are given to anybody. */
  has(address: Ipv4): boolean {
    return this.#isOurs.has(address)
  }

  /** The address that `client` has or had last. */
  of(client: string): Ipv4 | undefined {
    return this.#byClient.get(client)
  }

  /** Whether `client` may have `address`: it is nobody else's. */
  isFreeFor(client: string, address: Ipv4, now: Millis): boolean {
    if (!this.has(address)) return false
    const entry = this.#entries.get(address)
    return entry === undefined || entry.until <= now || (entry.kind !== 'declined' && entry.client === client)
  }

  /** One that was never given, or else the one whose time has been over for longest. */
  free(now: Millis): Ipv4 | undefined {
    let oldest: Ipv4 | undefined
    let since: Millis = now
    for (const address of this.#addresses) {
      const entry = this.#entries.get(address)
      if (entry === undefined) return address
      if (entry.until > since || (entry.until === since && oldest !== undefined)) continue
      oldest = address
      since = entry.until
    }
    return oldest
  }

  /** How many addresses are neither in use nor offered. */
  freeCount(now: Millis): number {
    let used = 0
    for (const entry of this.#entries.values()) if (entry.until > now) used += 1
    return this.size - used
  }

  /** Keeps `address`, which is free for `client`, until its request comes. A lease stays what it is. */
  offer(client: Client, address: Ipv4, now: Millis): void {
    const entry = this.#entries.get(address)
    if (entry?.kind === 'leased' && entry.until > now) return
    this.#makeRoom('offered', OFFERS_MAX, now)
    this.#set(address, { kind: 'offered', client: client.name, mac: client.mac, until: now + OFFER_DURATION })
  }

  /** Leases `address`. A client has one address: the one that it had before is free, and returned. */
  lease(client: Client, address: Ipv4, until: Millis): Ipv4 | undefined {
    const before = this.of(client.name)
    if (before !== undefined && before !== address) this.#entries.delete(before)
    this.#set(address, { kind: 'leased', client: client.name, mac: client.mac, until })
    return before === address ? undefined : before
  }

  /** The client needs its address no more, but would like to find it again (RFC 2131 §4.3.4). */
  release(client: string, now: Millis): Ipv4 | undefined {
    const address = this.of(client)
    const entry = address === undefined ? undefined : this.#entries.get(address)
    if (address === undefined || entry === undefined || entry.until <= now) return undefined
    this.#entries.set(address, { ...entry, until: now })
    return address
  }

  /** The client chose another server: what it was offered is free. */
  withdraw(client: string, now: Millis): void {
    const address = this.of(client)
    if (address !== undefined && this.#entries.get(address)?.kind === 'offered') this.release(client, now)
  }

  /** Somebody else uses `address`. */
  decline(address: Ipv4, mac: Mac, now: Millis): void {
    this.#makeRoom('declined', Math.max(1, Math.floor(this.size * DECLINED_PART)), now)
    this.#set(address, { kind: 'declined', client: '', mac, until: now + DECLINE_DURATION })
  }

  /** Takes back what was stored, if it is still one of our addresses. */
  restore(address: Ipv4, binding: Binding): void {
    if (!this.has(address)) return
    const other = this.of(binding.client)
    const known = other === undefined ? undefined : this.#entries.get(other)
    if (known !== undefined && known.until >= binding.until) return
    if (other !== undefined) this.#entries.delete(other)
    this.#set(address, binding)
  }

  #set(address: Ipv4, binding: Binding): void {
    const before = this.#entries.get(address)
    if (before !== undefined && this.of(before.client) === address) this.#byClient.delete(before.client)
    const other = this.of(binding.client)
    // An offer of another address takes the place of the one that was made before.
    if (other !== undefined && this.#entries.get(other)?.kind === 'offered') this.#entries.delete(other)
    this.#entries.set(address, binding)
    if (binding.client !== '') this.#byClient.set(binding.client, address)
  }

  /** Ends the oldest of those of `kind`, if there are as many as may be. */
  #makeRoom(kind: Binding['kind'], countMax: number, now: Millis): void {
    let count = 0
    let oldest: [Ipv4, Binding] | undefined
    for (const each of this.#entries) {
      const { kind: of, until } = each[1]
      if (of !== kind || until <= now) continue
      count += 1
      if (oldest === undefined || until < oldest[1].until) oldest = each
    }
    if (count >= countMax && oldest !== undefined) this.#entries.set(oldest[0], { ...oldest[1], until: now })
  }
}

/** Every address of `ranges` that may be used, once. */
export function addressesOf(ranges: readonly Range[], isUsable: (address: Ipv4) => boolean): readonly Ipv4[] {
  const addresses = new Set<Ipv4>()
  for (const { first, last } of ranges) {
    for (let address: number = first; address <= last; address += 1) {
      if (isUsable(address as Ipv4)) addresses.add(address as Ipv4)
    }
  }
  return [...addresses]
}

/** How many addresses `ranges` name, which are in `cidr` and in order; or nothing. */
export function countOf(ranges: readonly Range[], cidr: ipv4.Cidr): number | undefined {
  let count = 0
  for (const { first, last } of ranges) {
    if (first > last || !ipv4.contains(cidr, first) || !ipv4.contains(cidr, last)) return undefined
    count += last - first + 1
  }
  return count
}
