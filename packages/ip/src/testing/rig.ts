/** IPv4 on one end of a cable in memory, on virtual time: for the tests of this package. */
import assert from 'node:assert/strict'
import { type Ipv4, of } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import { type Arp, connect as connectArp } from '@mirage/arp'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { type Ethernet, IPV4, connect as connectEthernet } from '@mirage/ethernet'
import type { FillAt } from '@mirage/net'
import { pair } from '@mirage/net/pair'
import { seeded } from '@mirage/random/seeded'
import { type Result, done } from '@mirage/result'
import type { Config, IpError, Ipv4Layer, Packet, Protocol } from '../ip.ts'
import { type Options, connect } from '../ipv4.ts'
import * as wire from '../wire.ts'

export const A: Ipv4 = of(10, 0, 0, 1)
export const B: Ipv4 = of(10, 0, 0, 2)
export const CONFIG: Config = { cidr: { address: A, prefixLength: 24 }, gateway: of(10, 0, 0, 254) }
/** A protocol that nobody is assigned. */
export const PROTOCOL = 200

export interface Rig {
  readonly ip: Ipv4Layer
  readonly arp: Arp
  readonly clock: ManualClock
  /** The other end of the link, and the packets that arrived there. */
  readonly peer: Ethernet
  readonly arrived: Uint8Array[]
  /** Lets everything happen that needs no time. */
  readonly settle: () => Promise<void>
}

export function rig(options: Options = { config: CONFIG }, mtu: number = 1500): Rig {
  const clock = manual()
  const cable = pair({ clock, mtu })
  const ethernet = connectEthernet(cable.a)
  const arp = connectArp({ ethernet, clock })
  const ip = connect({ ethernet, arp, clock, random: seeded(1) }, options)
  const peer = connectEthernet(cable.b)
  const arrived: Uint8Array[] = []
  peer.listen(IPV4, (frame, offset) => arrived.push(frame.slice(offset)))
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 4; i++) {
      clock.advance(0)
      await Promise.resolve()
    }
  }
  return { ip, arp, clock, peer, arrived, settle }
}

/** A rig whose host knows the MAC address of its neighbour. */
export function acquainted(options?: Options, mtu?: number): Rig {
  const made = rig(options, mtu)
  made.arp.static(B, made.peer.mac)
  return made
}

export interface Sent {
  readonly src?: Ipv4
  readonly dst?: Ipv4
  readonly to?: mac.Mac
  readonly fragmentation?: number
  readonly protocol?: number
  readonly id?: number
  readonly trafficClass?: number
}

/** Sends `payload` from the other end of the link. */
export function send({ peer }: Rig, payload: ArrayLike<number>, sent: Sent = {}): void {
  const { src = B, dst = A, to = mac.local(1), ...rest } = sent
  const header = { src, dst, protocol: PROTOCOL, ttl: 9, trafficClass: 0, id: 7, fragmentation: 0, ...rest }
  peer.write(to, IPV4, { size: 20 + payload.length }, (packet) => {
    packet.set(payload, 20)
    wire.emit(packet, 0, header, 20 + payload.length)
    return 20 + payload.length
  })
}

/** Sends on the path of segments, with nothing left to the device. */
export function writeAt(
  ip: Ipv4Layer,
  dst: Ipv4,
  protocol: Protocol,
  size: number,
  fill: FillAt,
  src: Ipv4 = ip.src(dst),
): Result<void, IpError> {
  const complete = { trafficClass: 0, checksumOffset: -1, segmentSize: 0, headerSize: 0 }
  return ip.writeAt({ dst, src, protocol, size, ...complete }, fill)
}

/** What arrives at the host: payloads, with where they come from. */
export function collect(
  ip: Ipv4Layer,
  protocol: number = PROTOCOL,
): { src: Ipv4; dst: Ipv4; ttl: number; payload: number[] }[] {
  const received: { src: Ipv4; dst: Ipv4; ttl: number; payload: number[] }[] = []
  ip.listen(protocol, ({ frame, offset, end, src, dst, ttl }) => {
    received.push({ src, dst, ttl, payload: [...frame.subarray(offset, end)] })
  })
  return received
}

/** A packet that arrived at the other end. */
export function parse(bytes: Uint8Array): Packet<Ipv4> {
  const packet = wire.create()
  assert.equal(wire.parse(bytes, 0, packet), done)
  return packet
}
