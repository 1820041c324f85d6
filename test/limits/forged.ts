/** Frames of a flood: the `i`th of a kind, to the host at one end of a link, from anybody. */
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import * as mac from '@mirage/address/mac'
import * as arp from '@mirage/arp/wire'
import { setU16, setU32 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import * as ndp from '@mirage/ip/ndp-wire'
import * as ip from '@mirage/ip/wire'
import * as six from '@mirage/ip/ipv6-wire'

/** Whom they are for. */
export const TARGET = {
  mac: mac.local(1),
  ipv4: ipv4.of(10, 0, 0, 1),
  ipv6: ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 1),
} as const

const ETHERNET = 14
const [ARP, IPV4, IPV6] = [0x0806, 0x0800, 0x86dd]
const [ICMP, UDP, FRAGMENT, ICMPV6] = [1, 17, 44, 58]
const ROUTERS = ipv6.LINK_LOCAL.address

/** The `i`th frame: the bytes serve for the next. */
export type Forge = (i: number) => Uint8Array

/** What is done to a host, and where connections beside it go on. */
export interface Flood {
  readonly what: string
  readonly family: 4 | 6
  readonly forge: Forge
}

/** Every kind. */
export const floods: readonly Flood[] = [
  { what: 'fragments of packets that never come whole', family: 4, forge: packets(96, UDP, { more: true }) },
  { what: 'fragments as small as can be', family: 4, forge: packets(8, UDP, { more: true }) },
  { what: 'fragments over IPv6', family: 6, forge: packets6(100, FRAGMENT, fragment) },
  { what: 'questions of ARP', family: 4, forge: arps('request') },
  { what: 'answers of ARP that nobody asked for', family: 4, forge: arps('reply') },
  { what: 'questions of neighbours', family: 6, forge: discovery(solicitation, 72 + 14) },
  { what: 'answers of neighbours that nobody asked for', family: 6, forge: discovery(advertisement, 86) },
  { what: 'routers that show themselves', family: 6, forge: discovery(router, 14 + 40 + 16 + 32) },
  { what: 'echoes', family: 4, forge: packets(64, ICMP, { fill: echo }) },
  { what: 'echoes over IPv6', family: 6, forge: packets6(64, ICMPV6, echo6) },
  {
    what: 'echoes from neighbours that are not there',
    family: 4,
    forge: packets(64, ICMP, { fill: echo, isNear: true }),
  },
  {
    what: 'echoes from neighbours that are not there, over IPv6',
    family: 6,
    forge: packets6(64, ICMPV6, echo6, true),
  },
  { what: 'datagrams to closed ports', family: 4, forge: packets(32, UDP, { fill: datagram }) },
  { what: 'datagrams to closed ports over IPv6', family: 6, forge: packets6(32, UDP, datagram) },
]

/** Headers in front of `size` bytes that `fill` writes. */
function packets(
  size: number,
  protocol: number,
  options: {
    more?: boolean
    isNear?: boolean
    fill?: (frame: Uint8Array, at: number, i: number, pseudo: number) => void
  },
): Forge {
  const frame = ethernet(ETHERNET + 20 + size, IPV4)
  return (i) => {
    const src = options.isNear === true ? ipv4.of(10, 0, 10 + ((i >>> 8) & 0x7f), i & 0xff) : far(i)
    const fragmentation = options.more === true ? ip.MORE_FRAGMENTS : 0
    const header = {
      src,
      dst: TARGET.ipv4,
      protocol,
      ttl: 64,
      id: i & 0xffff,
      trafficClass: 0,
      fragmentation,
    }
    ip.emit(frame, ETHERNET, header, 20 + size)
    options.fill?.(frame, ETHERNET + 20, i, checksum.pseudo(src, TARGET.ipv4, protocol, size))
    return frame
  }
}

function packets6(
  size: number,
  protocol: number,
  fill: (frame: Uint8Array, at: number, i: number, pseudo: number) => void,
  isNear: boolean = false,
): Forge {
  const frame = ethernet(ETHERNET + 40 + size, IPV6)
  return (i) => {
    const src = isNear ? near6(i) : ipv6.of(0x2001, 0xdb8, 0, 0, 0, 0, i >>> 16, i & 0xffff)
    six.emit(frame, ETHERNET, { src, dst: TARGET.ipv6, protocol, hopLimit: 64, trafficClass: 0 }, size)
    fill(frame, ETHERNET + 40, i, checksum.pseudo(src, TARGET.ipv6, protocol, size))
    return frame
  }
}

/** The first of a packet, whose others do not come. */
function fragment(frame: Uint8Array, at: number, i: number): void {
  frame[at] = UDP
  setU16(frame, at + 2, 1)
  setU32(frame, at + 4, i)
  // Its fragment is a multiple of 8 long.
  setU16(frame, at - 40 + 4, 96)
}

function echo(frame: Uint8Array, at: number, i: number): void {
  frame[at] = 8
  setU32(frame, at + 4, i)
  sum(frame, at, 64, 2, 0)
}

function echo6(frame: Uint8Array, at: number, i: number, pseudo: number): void {
  frame[at] = 128
  setU32(frame, at + 4, i)
  sum(frame, at, 64, 2, pseudo)
}

function datagram(frame: Uint8Array, at: number, i: number, pseudo: number): void {
  setU16(frame, at, 1024)
  setU16(frame, at + 2, 1 + (i % 60_000))
  setU16(frame, at + 4, 32)
  sum(frame, at, 32, 6, pseudo)
}

function sum(frame: Uint8Array, at: number, size: number, offset: number, pseudo: number): void {
  setU16(frame, at + offset, 0)
  setU16(frame, at + offset, checksum.of(frame, at, at + size, pseudo))
}

function arps(operation: 'request' | 'reply'): Forge {
  const frame = ethernet(ETHERNET + arp.SIZE, ARP)
  return (i) => {
    const srcIp = (0x0a00_0000 | (256 + (i % 65_000))) as ipv4.Ipv4
    arp.emit(frame, ETHERNET, {
      operation,
      srcMac: mac.local(1000 + i),
      srcIp,
      dstMac: mac.ZERO,
      dstIp: TARGET.ipv4,
    })
    return frame
  }
}

function discovery(message: (i: number) => { src: ipv6.Ipv6; said: ndp.Message }, size: number): Forge {
  const frame = ethernet(size, IPV6)
  return (i) => {
    const { src, said } = message(i)
    const length = ndp.sizeOf(said)
    frame.fill(0, ETHERNET)
    six.emit(
      frame,
      ETHERNET,
      { src, dst: TARGET.ipv6, protocol: ICMPV6, hopLimit: 255, trafficClass: 0 },
      length,
    )
    ndp.emit(frame, ETHERNET + 40, said)
    sum(frame, ETHERNET + 40, length, 2, checksum.pseudo(src, TARGET.ipv6, ICMPV6, length))
    return frame
  }
}

function solicitation(i: number): { src: ipv6.Ipv6; said: ndp.Message } {
  return {
    src: near6(i),
    said: { kind: 'neighbour-solicitation', target: TARGET.ipv6, mac: mac.local(1000 + i) },
  }
}

function advertisement(i: number): { src: ipv6.Ipv6; said: ndp.Message } {
  const flags = { isRouter: false, isSolicited: true, isOverride: true }
  return {
    src: near6(i),
    said: { kind: 'neighbour-advertisement', target: near6(i), mac: mac.local(1000 + i), ...flags },
  }
}

/** Each with a prefix of its own, in which the host is to take an address. */
function router(i: number): { src: ipv6.Ipv6; said: ndp.Message } {
  const prefix = { address: ipv6.of(0x2001, 0xdb8, i >>> 16, i & 0xffff, 0, 0, 0, 0), prefixLength: 64 }
  const life = { validLifetime: 1 + (i % 5), preferredLifetime: 1 }
  return {
    src: ipv6.of(ipv6.group(ROUTERS, 0), 0, 0, 0, 0, 0, 1 + (i >>> 16), i & 0xffff),
    said: {
      kind: 'router-advertisement',
      hopLimit: 64,
      routerLifetime: 1 + (i % 5),
      preference: 0,
      reachableTime: 1,
      retransTimer: 1,
      prefixes: [{ prefix, isOnLink: true, isAutonomous: true, ...life }],
      dnsServers: [],
    },
  }
}

function far(i: number): ipv4.Ipv4 {
  return ipv4.of(172, 16 + ((i >>> 16) & 0xf), (i >>> 8) & 0xff, i & 0xff)
}

/** On the link, and not there. */
function near6(i: number): ipv6.Ipv6 {
  return ipv6.of(0xfd00, 0, 0, 0, 0, 1, i >>> 16, i & 0xffff)
}

function ethernet(size: number, type: number): Uint8Array {
  const frame = new Uint8Array(size)
  mac.write(frame, 0, TARGET.mac)
  mac.write(frame, 6, mac.local(4))
  setU16(frame, 12, type)
  return frame
}
