/**
 * A DHCP server as an object that is told messages and the time: RFC 2131 §4.3.
 *
 * It is the only server of its link and knows it: where a server among others has to be silent about a
 * client that it does not know, this one says yes or no. It keeps one entry for each address of its pool, so
 * that no number of clients makes it grow.
 */
import * as ipv4 from '@mirage/address/ipv4'
import type { Cidr, Ipv4 } from '@mirage/address/ipv4'
import type { Mac } from '@mirage/address/mac'
import type { Millis } from '@mirage/clock'
import { assert } from '@mirage/result'
import type { Message, MessageType } from './wire.ts'

/** What a server leases, and what it tells its clients. */
export interface Config {
  /** The server's own address, and the network that it leases from. */
  readonly cidr: Cidr
  /** The first and the last address that it leases to anybody, both in the network. At most 1024. */
  readonly pool: { readonly first: Ipv4; readonly last: Ipv4 }
  /** Addresses that are kept for one client each; they may lie in the pool or beside it. */
  readonly fixed?: ReadonlyMap<Mac, Ipv4>
  readonly gateway?: Ipv4
  readonly dnsServers?: readonly Ipv4[]
  readonly domainName?: string
  readonly mtu?: number
  /** In seconds. */
  readonly leaseTime: number
}

/** What an address of the pool is kept for. */
export interface Entry {
  readonly kind: 'offered' | 'leased' | 'declined'
  /** The client identifier in hexadecimal, or the MAC address of a client that has none. */
  readonly client: string
  readonly mac: Mac
  readonly until: Millis
}

/** A message from port 67 to port `dstPort`. */
export interface Reply {
  readonly dst: Ipv4
  readonly dstPort: number
  readonly message: Message
}

/** A server and its leases. */
export interface Server {
  /** What `message` is answered with, if anything. */
  input(message: Message, now: Millis): Reply | undefined
  /** Who has which address, or had it last: no entry is removed before its address is needed. */
  readonly entries: ReadonlyMap<Ipv4, Entry>
}

/** RFC 2131 §4.3.1: how long an offer waits for its request. */
const OFFER_DURATION: Millis = 60_000
/** An address that a client found in use by somebody else rests for this long. */
const DECLINE_DURATION: Millis = 600_000
const POOL_COUNT_MAX = 1024

/** A server without leases. A pool that is not in the network, or too large, is a bug and throws. */
export function createServer(config: Config): Server {
  return new LeaseServer(config)
}

class LeaseServer implements Server {
  readonly entries = new Map<Ipv4, Entry>()
  private readonly config: Config
  private readonly fixedAddresses: ReadonlySet<Ipv4>

  constructor(config: Config) {
    const { first, last } = config.pool
    assert(first <= last && last - first < POOL_COUNT_MAX, 'dhcp: a pool has 1 to 1024 addresses')
    assert(ipv4.contains(config.cidr, first) && ipv4.contains(config.cidr, last), 'dhcp: pool is in network')
    this.config = config
    this.fixedAddresses = new Set(config.fixed?.values())
  }

  input(message: Message, now: Millis): Reply | undefined {
    switch (message.type) {
      case 'discover':
        return this.discover(message, now)
      case 'request':
        return this.request(message, now)
      case 'decline':
        return this.decline(message, now)
      case 'release':
        return this.release(message, now)
      case 'inform':
        return this.reply(message, 'ack', ipv4.UNSPECIFIED)
      case 'offer':
      case 'ack':
      case 'nak':
        return undefined
    }
  }

  private discover(message: Message, now: Millis): Reply | undefined {
    const address = this.choose(message, now)
    // A full pool is silence: another try may come when a lease has ended.
    if (address === undefined) return undefined
    const entry = this.entries.get(address)
    const isLeased = entry?.kind === 'leased' && entry.until > now
    if (!isLeased) this.keep(address, message, 'offered', now + OFFER_DURATION)
    return this.reply(message, 'offer', address)
  }

  /** RFC 2131 §4.3.2: the server identifier tells a choice from a renewal. */
  private request(message: Message, now: Millis): Reply | undefined {
    const { serverId, requestedAddress } = message.options
    if (serverId !== undefined && serverId !== this.config.cidr.address) return this.release(message, now)
    const address = requestedAddress ?? message.ciaddr
    if (!this.mayHave(address, message, now)) return this.reply(message, 'nak', ipv4.UNSPECIFIED)
    this.keep(address, message, 'leased', now + this.config.leaseTime * 1000)
    return this.reply(message, 'ack', address)
  }

  private decline(message: Message, now: Millis): undefined {
    const address = message.options.requestedAddress ?? ipv4.UNSPECIFIED
    if (this.entries.get(address)?.client !== clientOf(message)) return
    this.keep(address, { ...message, options: {} }, 'declined', now + DECLINE_DURATION)
  }

  /** The address is free again, but remembered for its client (RFC 2131 §4.3.4). */
  private release(message: Message, now: Millis): undefined {
    const client = clientOf(message)
    for (const [address, entry] of this.entries) {
      if (entry.client === client && entry.kind !== 'declined')
        this.entries.set(address, { ...entry, until: now })
    }
  }

  /** RFC 2131 §4.3.1: the fixed address, the client's own, the one it asks for, a new one, the longest unused. */
  private choose(message: Message, now: Millis): Ipv4 | undefined {
    const fixed = this.config.fixed?.get(message.chaddr)
    if (fixed !== undefined) return fixed
    const wanted = [this.addressOf(clientOf(message)), message.options.requestedAddress]
    for (const address of wanted) {
      if (address !== undefined && this.mayHave(address, message, now)) return address
    }
    return this.firstNew() ?? this.longestUnused(now)
  }

  private addressOf(client: string): Ipv4 | undefined {
    for (const [address, entry] of this.entries) {
      if (entry.client === client && entry.kind !== 'declined') return address
    }
    return undefined
  }

  private firstNew(): Ipv4 | undefined {
    const { first, last } = this.config.pool
    for (let address = first; address <= last; address = (address + 1) as Ipv4) {
      if (this.isInPool(address) && !this.entries.has(address)) return address
    }
    return undefined
  }

  private longestUnused(now: Millis): Ipv4 | undefined {
    let oldest: [Ipv4, Entry] | undefined
    for (const each of this.entries) {
      if (each[1].until <= now && (oldest === undefined || each[1].until < oldest[1].until)) oldest = each
    }
    return oldest?.[0]
  }

  /** Whether the client may use `address`: it is fixed for it; or it is in the pool and nobody else's. */
  private mayHave(address: Ipv4, message: Message, now: Millis): boolean {
    const fixed = this.config.fixed?.get(message.chaddr)
    if (fixed !== undefined) return fixed === address
    if (!this.isInPool(address)) return false
    const entry = this.entries.get(address)
    if (entry === undefined || entry.until <= now) return true
    return entry.kind !== 'declined' && entry.client === clientOf(message)
  }

  private isInPool(address: Ipv4): boolean {
    const { cidr, pool, gateway } = this.config
    if (address < pool.first || address > pool.last || this.fixedAddresses.has(address)) return false
    if (address === ipv4.network(cidr) || address === ipv4.broadcastOf(cidr)) return false
    return address !== cidr.address && address !== gateway
  }

  /** Fixed addresses need no entry: nobody else is ever given them. */
  private keep(address: Ipv4, message: Message, kind: Entry['kind'], until: Millis): void {
    if (!this.isInPool(address)) return
    const client = clientOf(message)
    // A client has one address: what it was offered or had before is free.
    for (const [other, entry] of this.entries) {
      if (entry.client === client && other !== address && entry.kind !== 'declined')
        this.entries.delete(other)
    }
    this.entries.set(address, { kind, client: kind === 'declined' ? '' : client, mac: message.chaddr, until })
  }

  /** RFC 2131 §4.1 and table 3. */
  private reply(message: Message, type: MessageType, yiaddr: Ipv4): Reply {
    const { cidr } = this.config
    const isNak = type === 'nak'
    const reply: Message = {
      type,
      xid: message.xid,
      secs: 0,
      broadcast: message.broadcast,
      ciaddr: type === 'ack' ? message.ciaddr : ipv4.UNSPECIFIED,
      yiaddr,
      siaddr: ipv4.UNSPECIFIED,
      giaddr: message.giaddr,
      chaddr: message.chaddr,
      options: isNak
        ? { serverId: cidr.address, errorMessage: 'address not available' }
        : this.options(message.type !== 'inform'),
    }
    if (message.giaddr !== ipv4.UNSPECIFIED) return { dst: message.giaddr, dstPort: 67, message: reply }
    // A client without an address is reached by broadcast, whether it set the flag or not.
    const isReachable = !isNak && message.ciaddr !== ipv4.UNSPECIFIED
    return { dst: isReachable ? message.ciaddr : ipv4.BROADCAST, dstPort: 68, message: reply }
  }

  private options(withLease: boolean): Message['options'] {
    const { cidr, gateway, dnsServers = [], domainName, mtu, leaseTime } = this.config
    return {
      serverId: cidr.address,
      ...(withLease ? { leaseTime } : {}),
      subnetMask: ipv4.netmask(cidr.prefixLength),
      broadcastAddress: ipv4.broadcastOf(cidr),
      ...(gateway === undefined ? {} : { routers: [gateway] }),
      ...(dnsServers.length === 0 ? {} : { dnsServers }),
      ...(domainName === undefined ? {} : { domainName }),
      ...(mtu === undefined ? {} : { interfaceMtu: mtu }),
    }
  }
}

/** RFC 2131 §4.2: the identifier if there is one, the hardware address if not. */
function clientOf(message: Message): string {
  const { clientId } = message.options
  if (clientId === undefined) return `mac ${message.chaddr.toString(16)}`
  return Array.from(clientId.subarray(0, 64), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
