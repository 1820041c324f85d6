/** Packets of IPv6 for tests, as a router is shown them. */
import assert from 'node:assert/strict'
import type { Ipv6 } from '@mirage/address/ipv6'
import { concat, setU16 } from '@mirage/bytes'
import * as icmp from '@mirage/icmp/icmpv6-wire'
import { ICMPV6, TCP, UDP } from '@mirage/ip'
import { FRAGMENT } from '@mirage/ip/extension'
import * as fragment from '@mirage/ip/ipv6-fragment'
import * as wire from '@mirage/ip/ipv6-wire'
import { ipv6 as address } from '../../../address/src/testing/literals.ts'
import { Names } from '../../../ip/src/ipv6/names.ts'
import type { Ipv6Packet } from '../headers.ts'

/** A host inside, and one outside. */
export const INSIDE: Ipv6 = address('2001:db8:1::2')
export const OUTSIDE: Ipv6 = address('2001:db8:2::2')

/** What is sent from one host to another. */
export interface Sent {
  readonly src: Ipv6
  readonly dst: Ipv6
  readonly protocol: number
  readonly payload: Uint8Array
}

/** The bytes of the packet. */
export function bytesOf({ src, dst, protocol, payload }: Sent): Uint8Array {
  const bytes = new Uint8Array(wire.HEADER_SIZE + payload.length)
  bytes.set(payload, wire.HEADER_SIZE)
  wire.emit(bytes, 0, { src, dst, protocol, hopLimit: 64, trafficClass: 0 }, payload.length)
  return bytes
}

/** The packet that `bytes` are. */
export function parsed(bytes: Uint8Array): Ipv6Packet {
  const packet = wire.create()
  assert.ok(wire.parse(bytes, 0, packet, new Names()).ok)
  return packet
}

/** A datagram: `udp('>', 5000, 53)` is from port 5000 inside to port 53 outside. */
export function udp(way: '>' | '<', srcPort: number, dstPort: number): Sent {
  const payload = new Uint8Array(12)
  setU16(payload, 0, srcPort)
  setU16(payload, 2, dstPort)
  return { ...hosts(way), protocol: UDP, payload }
}

/** A segment with these flags. */
export function tcp(way: '>' | '<', srcPort: number, dstPort: number, flags: number): Sent {
  const payload = new Uint8Array(20)
  setU16(payload, 0, srcPort)
  setU16(payload, 2, dstPort)
  payload.set([0x50, flags], 12)
  return { ...hosts(way), protocol: TCP, payload }
}

/** An ICMPv6 message, with its checksum. */
export function message(way: '>' | '<', type: number, first: number, body: Uint8Array): Sent {
  const { src, dst } = hosts(way)
  const payload = concat([new Uint8Array(8), body])
  icmp.emit(payload, 0, payload.length, { type, code: 0, first, second: 1 }, src, dst)
  return { src, dst, protocol: ICMPV6, payload }
}

/** An error about `about`, to who sent that. */
export function error(type: number, about: Sent): Sent {
  return message(about.src === INSIDE ? '<' : '>', type, 0, bytesOf(about))
}

/** The same behind an extension header, which is whole without its first byte. */
export function behind(protocol: number, header: readonly number[], sent: Sent): Sent {
  return { ...sent, protocol, payload: concat([Uint8Array.of(sent.protocol, ...header), sent.payload]) }
}

/** A fragment of `sent`, from `from` up to `to` of its payload. */
export function part(sent: Sent, id: number, from: number, to: number): Sent {
  const header = new Uint8Array(fragment.HEADER_SIZE)
  fragment.emit(header, 0, sent.protocol, from, to < sent.payload.length, id)
  return { ...sent, protocol: FRAGMENT, payload: concat([header, sent.payload.subarray(from, to)]) }
}

function hosts(way: '>' | '<'): { readonly src: Ipv6; readonly dst: Ipv6 } {
  return way === '>' ? { src: INSIDE, dst: OUTSIDE } : { src: OUTSIDE, dst: INSIDE }
}
