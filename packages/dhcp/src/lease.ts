/** A lease: what a client may use, and until when. RFC 2131 §4.4.5. */
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Millis } from '@mirage/clock'
import { INFINITE } from './options.ts'
import type { Message } from './wire.ts'

/** What a client got from a server, complete: what the server left out is decided here. */
export interface Lease {
  readonly address: Ipv4
  /** 1 to 32. */
  readonly prefixLength: number
  /** The first of the routers, if there is one. */
  readonly gateway?: Ipv4
  /** In the order of the server's preference, as all lists here; empty if it named none. */
  readonly dnsServers: readonly Ipv4[]
  readonly ntpServers: readonly Ipv4[]
  /** The name that the network has for the client. */
  readonly hostname?: string
  readonly domainName?: string
  /** Domains in which a name without dots is looked for; `domainName` alone unless the server said more. */
  readonly searchList: readonly string[]
  /** The most bytes of an IP packet, 576 or more: what the server says, if it says something that can be. */
  readonly mtu?: number
  /** The server that leased it. */
  readonly server: Ipv4
  /** T1, T2 and the end, as instants of the clock that the client is told; `Infinity` if it does not end. */
  readonly renew: Millis
  readonly rebind: Millis
  readonly expires: Millis
}

/** For a server that does not say how long. */
const DURATION_DEFAULT: Millis = 3_600_000
/** A shorter lease is taken for this long: it would keep both ends busy with nothing else. */
const DURATION_MIN: Millis = 10_000
/** Every IPv4 host takes packets of this size (RFC 791 §3.1). Who is told less has been lied to, or is an attack. */
const MTU_MIN = 576
/** Addresses of one list that are kept. */
const LIST_COUNT_MAX = 8

/** The lease that `ack` gives, counted from `since`. `server` is who gave it if the message does not say. */
export function leaseOf(ack: Message, server: Ipv4, since: Millis): Lease {
  const { routers, hostname, domainName, interfaceMtu: mtu = 0, serverId = server } = ack.options
  const { searchList = domainName === undefined ? [] : [domainName] } = ack.options
  const [gateway] = hosts(routers)
  return {
    address: ack.yiaddr,
    prefixLength: prefixLengthOf(ack),
    ...(gateway === undefined ? {} : { gateway }),
    dnsServers: hosts(ack.options.dnsServers),
    ntpServers: hosts(ack.options.ntpServers),
    ...(hostname === undefined ? {} : { hostname }),
    ...(domainName === undefined ? {} : { domainName }),
    searchList,
    ...(mtu < MTU_MIN ? {} : { mtu }),
    server: serverId,
    ...timesOf(ack, since),
  }
}

function hosts(addresses: readonly Ipv4[] = []): readonly Ipv4[] {
  return addresses.filter(isHost).slice(0, LIST_COUNT_MAX)
}

/** Whether one host may have `address`: it is no group, and neither loopback nor "this network". */
export function isHost(address: Ipv4): boolean {
  return address >>> 24 !== 0 && address >>> 24 !== 127 && address >>> 28 < 0xe
}

function timesOf(ack: Message, since: Millis): Pick<Lease, 'renew' | 'rebind' | 'expires'> {
  const { leaseTime, renewalTime, rebindingTime } = ack.options
  if (leaseTime === INFINITE) return { renew: Infinity, rebind: Infinity, expires: Infinity }
  const duration = Math.max(DURATION_MIN, leaseTime === undefined ? DURATION_DEFAULT : leaseTime * 1000)
  // The server's T1 and T2 count only if they make sense together; RFC 2131 §4.4.5's otherwise.
  const t1 = (renewalTime ?? 0) * 1000
  const t2 = (rebindingTime ?? 0) * 1000
  const isSensible = t1 >= DURATION_MIN / 2 && t1 < t2 && t2 < duration
  return {
    renew: since + (isSensible ? t1 : duration * 0.5),
    rebind: since + (isSensible ? t2 : duration * 0.875),
    expires: since + duration,
  }
}

/** The mask's; if it is missing or has holes, that of the address's class (RFC 950 §2.1). */
function prefixLengthOf(ack: Message): number {
  const mask = ack.options.subnetMask ?? ipv4.UNSPECIFIED
  const length = ipv4.prefixLengthOf(mask)
  if (length.ok && length.value > 0) return length.value
  const first = ack.yiaddr >>> 24
  if (first < 128) return 8
  return first < 192 ? 16 : 24
}
