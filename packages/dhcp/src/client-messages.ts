/** The messages of a DHCP client: RFC 2131 §4.4, table 5. */
import * as ipv4 from '@mirage/address/ipv4'
import type { Config, Exchange, Offer, Outgoing } from './client-state.ts'
import type { Lease } from './lease.ts'
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Message, MessageType } from './wire.ts'

/** Mask, router, DNS, host name, domain name, MTU, broadcast address, NTP, lease, server, T1, T2, search list. */
const REQUESTED = Uint8Array.of(1, 3, 6, 12, 15, 26, 28, 42, 51, 54, 58, 59, 119)
/** What an Ethernet frame carries, so that a server need not keep to 576 bytes. */
const MESSAGE_SIZE_MAX = 1500

type Options = Message['options']

/** What every question tells besides: what is wanted to know, and who asks. */
function asking({ hostname }: Config): Options {
  return {
    parameterRequests: REQUESTED,
    messageSizeMax: MESSAGE_SIZE_MAX,
    ...(hostname === undefined ? {} : { hostname }),
  }
}

/** To all servers: who has an address? `wanted`, if it may be had. */
export function discover(config: Config, exchange: Exchange, wanted: Ipv4 | undefined): Outgoing {
  const requested = wanted === undefined ? {} : { requestedAddress: wanted }
  return broadcast(messageOf(config, 'discover', exchange, { ...requested, ...asking(config) }))
}

/** To all servers: this offer is taken, and the others are not. */
export function select(config: Config, exchange: Exchange, { address, server }: Offer): Outgoing {
  const chosen = { requestedAddress: address, serverId: server }
  return broadcast(messageOf(config, 'request', exchange, { ...chosen, ...asking(config) }))
}

/** To all servers: may `wanted` still be used? */
export function reboot(config: Config, exchange: Exchange, wanted: Ipv4): Outgoing {
  const options = { requestedAddress: wanted, ...asking(config) }
  return broadcast(messageOf(config, 'request', exchange, options))
}

/** To the server of the lease, or to all of them: may it go on? */
export function extend(config: Config, exchange: Exchange, lease: Lease, dst: Ipv4): Outgoing {
  const message = messageOf(config, 'request', exchange, asking(config))
  return { src: lease.address, dst, message: { ...message, ciaddr: lease.address, broadcast: false } }
}

/** To all servers, from nobody: somebody else uses the address of this lease (RFC 2131 §4.4.4). */
export function decline(config: Config, xid: number, { address, server }: Lease): Outgoing {
  const options = { requestedAddress: address, serverId: server, errorMessage: 'address in use' }
  const message = messageOf(config, 'decline', { xid, secs: 0 }, options)
  return broadcast({ ...message, broadcast: false })
}

/** To the server of the lease: it is not needed any more (RFC 2131 §4.4.6). */
export function release(config: Config, xid: number, { address, server }: Lease): Outgoing {
  const message = messageOf(config, 'release', { xid, secs: 0 }, { serverId: server })
  return { src: address, dst: server, message: { ...message, ciaddr: address, broadcast: false } }
}

function broadcast(message: Message): Outgoing {
  return { src: ipv4.UNSPECIFIED, dst: ipv4.BROADCAST, message }
}

function messageOf(
  { mac, clientId }: Config,
  type: MessageType,
  { xid, secs }: Pick<Exchange, 'xid' | 'secs'>,
  options: Options,
): Message {
  return {
    type,
    xid,
    secs,
    // The stack below takes no packet to an address that it does not have yet.
    broadcast: true,
    ciaddr: ipv4.UNSPECIFIED,
    yiaddr: ipv4.UNSPECIFIED,
    siaddr: ipv4.UNSPECIFIED,
    giaddr: ipv4.UNSPECIFIED,
    chaddr: mac,
    options: clientId === undefined ? options : { ...options, clientId },
  }
}
