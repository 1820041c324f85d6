/** The messages of a DHCP server, and where they go: RFC 2131 §4.1 and table 3. */
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import { INFINITE } from './options.ts'
import type { Config } from './server-config.ts'
import { CLIENT_PORT, type Message, SERVER_PORT, SIZE_MAX, SIZE_MAX_MIN } from './wire.ts'

/** A message from port 67 to port `dstPort`. */
export interface Reply {
  readonly dst: Ipv4
  readonly dstPort: number
  readonly message: Message
  /** The most bytes of payload that its reader takes. */
  readonly sizeMax: number
}

/** What a client gets. Without one, a reply tells of the network alone. */
interface Given {
  readonly address: Ipv4
  /** In seconds. */
  readonly leaseTime: number
  readonly hostname?: string
}

/** Of IPv4 and UDP, which the largest size that a client names has in it. */
const HEADERS_SIZE = 28

/** The answer to `message`: with a lease, with an ACK's parameters alone, or a refusal. */
export function replyTo(
  message: Message,
  type: 'offer' | 'ack' | 'nak',
  config: Config,
  given?: Given,
): Reply {
  const isNak = type === 'nak'
  const isRelayed = message.giaddr !== ipv4.UNSPECIFIED
  const parameters = isNak
    ? REFUSAL
    : { ...(given === undefined ? {} : leaseOf(given)), ...networkOf(config) }
  const reply: Message = {
    type,
    xid: message.xid,
    secs: 0,
    // RFC 2131 §4.3.2: a client that is refused has no address that a relay could reach it by.
    broadcast: message.broadcast || (isNak && isRelayed),
    ciaddr: type === 'ack' ? message.ciaddr : ipv4.UNSPECIFIED,
    yiaddr: given?.address ?? ipv4.UNSPECIFIED,
    siaddr: ipv4.UNSPECIFIED,
    giaddr: message.giaddr,
    chaddr: message.chaddr,
    options: { serverId: config.cidr.address, ...parameters, ...returned(message) },
  }
  return { ...destination(message, isNak), message: reply, sizeMax: sizeMaxOf(message) }
}

const REFUSAL: Message['options'] = { errorMessage: 'address not available' }

function destination(message: Message, isNak: boolean): Pick<Reply, 'dst' | 'dstPort'> {
  if (message.giaddr !== ipv4.UNSPECIFIED) return { dst: message.giaddr, dstPort: SERVER_PORT }
  // A client without an address is reached by broadcast, whether it set the flag or not.
  const isReachable = !isNak && message.ciaddr !== ipv4.UNSPECIFIED
  return { dst: isReachable ? message.ciaddr : ipv4.BROADCAST, dstPort: CLIENT_PORT }
}

/** What comes back as it came: the identifier (RFC 6842), and what a relay added (RFC 3046 §2.2). */
function returned({ giaddr, options: { clientId, relayAgent } }: Message): Message['options'] {
  return {
    ...(clientId === undefined ? {} : { clientId }),
    ...(relayAgent === undefined || giaddr === ipv4.UNSPECIFIED ? {} : { relayAgent }),
  }
}

function leaseOf({ leaseTime, hostname }: Given): Message['options'] {
  const half = Math.floor(leaseTime * 0.5)
  const most = Math.floor(leaseTime * 0.875)
  return {
    leaseTime,
    ...(leaseTime === INFINITE ? {} : { renewalTime: half, rebindingTime: most }),
    ...(hostname === undefined ? {} : { hostname }),
  }
}

function networkOf(config: Config): Message['options'] {
  const { cidr, gateway, dnsServers = [], ntpServers = [], domainName, searchList = [], mtu, others } = config
  return {
    subnetMask: ipv4.netmask(cidr.prefixLength),
    broadcastAddress: ipv4.broadcastOf(cidr),
    ...(gateway === undefined ? {} : { routers: [gateway] }),
    ...(dnsServers.length === 0 ? {} : { dnsServers }),
    ...(ntpServers.length === 0 ? {} : { ntpServers }),
    ...(domainName === undefined ? {} : { domainName }),
    ...(searchList.length === 0 ? {} : { searchList }),
    ...(mtu === undefined ? {} : { interfaceMtu: mtu }),
    ...(others === undefined ? {} : { others }),
  }
}

function sizeMaxOf({ options: { messageSizeMax = 0 } }: Message): number {
  return Math.min(SIZE_MAX, Math.max(SIZE_MAX_MIN, messageSizeMax - HEADERS_SIZE))
}
