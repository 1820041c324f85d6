/** IPv6 on one end of a cable in memory, on virtual time: for the tests of this package. */
import * as ipv6 from '@mirage/address/ipv6'
import { type Mac, local } from '@mirage/address/mac'
import { concat, setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { type Ethernet, IPV6, connect as connectEthernet } from '@mirage/ethernet'
import { pair } from '@mirage/net/pair'
import { seeded } from '@mirage/random/seeded'
import { ipv6 as address } from '../../../../address/src/testing/literals.ts'
import { ICMPV6, type Ipv6Event, type Ipv6Layer, type Problem } from '../../ip.ts'
import { type Options, connect } from '../../ipv6.ts'
import * as wire from '../wire.ts'
import * as ndp from '../../ndp/wire.ts'

export const A: ipv6.Ipv6 = address('fd00::1')
export const B: ipv6.Ipv6 = address('fd00::2')
export const FAR: ipv6.Ipv6 = address('2001:db8::1')
export const LINK_A: ipv6.Ipv6 = address('fe80::50:ff:fe00:1')
export const MAC_A: Mac = local(1)
export const MAC_B: Mac = local(2)
/** A protocol that nobody is assigned. */
export const PROTOCOL = 200
export const KNOWN: Options = { addresses: [{ address: A, prefixLength: 64 }], isTrusted: true }

/** A host, and what is at the other end of its link. */
export interface Rig {
  readonly ip: Ipv6Layer
  readonly clock: ManualClock
  /** The other end of the link, and the packets that arrived there. */
  readonly peer: Ethernet
  readonly arrived: Uint8Array[]
  readonly events: Ipv6Event[]
  readonly problems: Problem[]
}

/** A host A, of which the other end knows nothing yet. */
export function rig(options: Options = KNOWN, mtu: number = 1500): Rig {
  const clock = manual()
  const cable = pair({ clock, mtu })
  const peer = connectEthernet(cable.b)
  const arrived: Uint8Array[] = []
  peer.listen(IPV6, (frame, offset) => arrived.push(frame.slice(offset)))
  const ip = connect({ ethernet: connectEthernet(cable.a), clock, random: seeded(1) }, options)
  const events: Ipv6Event[] = []
  ip.onEvent((event) => events.push(event))
  const problems: Problem[] = []
  ip.onProblem((_packet, problem) => problems.push(problem))
  return { ip, clock, peer, arrived, events, problems }
}

/** A host that knows the MAC address of B, and has said all that it says at the beginning. */
export function acquainted(options?: Options, mtu?: number): Rig {
  const made = rig(options, mtu)
  made.clock.advance(2000)
  const message = { kind: 'neighbour-solicitation', target: A, mac: MAC_B } as const
  discover(made, message, { src: B, dst: ipv6.solicitedNode(A) })
  made.arrived.length = 0
  return made
}

/** What is unusual about a packet. */
export interface Sent {
  readonly src?: ipv6.Ipv6
  readonly dst?: ipv6.Ipv6
  readonly to?: Mac
  readonly hopLimit?: number
}

/** Sends a payload of `protocol` from the other end of the link. */
export function send({ peer, clock }: Rig, protocol: number, payload: Uint8Array, sent: Sent = {}): void {
  const { src = B, dst = A, hopLimit = 9 } = sent
  const to = sent.to ?? (ipv6.isMulticast(dst) ? ipv6.multicastMac(dst) : MAC_A)
  peer.write(to, IPV6, { size: 40 + payload.length }, (packet) => {
    packet.set(payload, 40)
    wire.emit(packet, 0, { src, dst, protocol, hopLimit, trafficClass: 0xb8 }, payload.length)
    return 40 + payload.length
  })
  clock.advance(0)
}

/** Sends a message of neighbour discovery. */
export function discover(made: Rig, message: ndp.Message, sent: Sent = {}): void {
  const { src = B, dst = A } = sent
  const bytes = new Uint8Array(ndp.sizeOf(message))
  ndp.emit(bytes, 0, message)
  setU16(bytes, 2, checksum.of(bytes, 0, bytes.length, checksum.pseudo(src, dst, ICMPV6, bytes.length)))
  send(made, ICMPV6, bytes, { hopLimit: 255, ...sent })
}

/** What arrives at the host. */
export function collect(
  ip: Ipv6Layer,
  protocol: number = PROTOCOL,
): { src: string; dst: string; payload: Uint8Array }[] {
  const received: { src: string; dst: string; payload: Uint8Array }[] = []
  ip.listen(protocol, ({ frame, offset, end, src, dst }) => {
    received.push({ src: ipv6.format(src), dst: ipv6.format(dst), payload: frame.slice(offset, end) })
  })
  return received
}

/** Bytes that are all different from those before and behind. */
export function text(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7)
}

/** The fragments of `payload`, each of `size` bytes of it, a multiple of 8. */
export function fragments(payload: Uint8Array, size: number, id: number = 7): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let offset = 0; offset < payload.length; offset += size) {
    const end = Math.min(offset + size, payload.length)
    const header = new Uint8Array([PROTOCOL, 0, 0, 0, 0, 0, 0, id])
    setU16(header, 2, offset | (end < payload.length ? 1 : 0))
    pieces.push(concat([header, payload.subarray(offset, end)]))
  }
  return pieces
}
