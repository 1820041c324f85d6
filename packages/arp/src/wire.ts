/**
 * ARP for IPv4 over Ethernet: RFC 826.
 *
 *      0        2        4    5    6         8          14        18         24        28
 *      +--------+--------+----+----+---------+----------+---------+----------+---------+
 *      | hw = 1 | 0x0800 | 6  | 4  |operation|  src MAC |  src IP |  dst MAC |  dst IP |
 *      +--------+--------+----+----+---------+----------+---------+----------+---------+
 *
 * `src` and `dst` are what the RFC calls sender and target.
 */
import * as ipv4 from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import { getU16, setU16 } from '@mirage/bytes'
import { type Result, err, ok } from '@mirage/result'

/** Of a packet, in bytes. */
export const SIZE = 28

const ETHERNET = 1
const IPV4 = 0x0800
const REQUEST = 1
const REPLY = 2

/** A packet: who asks or answers, and who is asked or told. */
export interface Arp {
  readonly operation: 'request' | 'reply'
  readonly srcMac: mac.Mac
  readonly srcIp: ipv4.Ipv4
  readonly dstMac: mac.Mac
  readonly dstIp: ipv4.Ipv4
}

/** Why bytes are no packet. */
export type ArpError =
  | 'too-short'
  /** It resolves other addresses than those of IPv4 to Ethernet. */
  | 'unhandled'
  | 'bad-operation'

/** `frame` from `offset` on, which may end in padding of the link. */
export function parse(frame: Uint8Array, offset: number): Result<Arp, ArpError> {
  if (frame.length - offset < SIZE) return err('too-short')
  const isHandled =
    getU16(frame, offset) === ETHERNET &&
    getU16(frame, offset + 2) === IPV4 &&
    frame[offset + 4] === mac.SIZE &&
    frame[offset + 5] === ipv4.SIZE
  if (!isHandled) return err('unhandled')
  const operation = getU16(frame, offset + 6)
  if (operation !== REQUEST && operation !== REPLY) return err('bad-operation')
  return ok({
    operation: operation === REQUEST ? 'request' : 'reply',
    srcMac: mac.read(frame, offset + 8),
    srcIp: ipv4.read(frame, offset + 14),
    dstMac: mac.read(frame, offset + 18),
    dstIp: ipv4.read(frame, offset + 24),
  })
}

/** Writes the 28 bytes of `arp`, for which there is room. */
export function emit(frame: Uint8Array, offset: number, arp: Arp): void {
  setU16(frame, offset, ETHERNET)
  setU16(frame, offset + 2, IPV4)
  frame[offset + 4] = mac.SIZE
  frame[offset + 5] = ipv4.SIZE
  setU16(frame, offset + 6, arp.operation === 'request' ? REQUEST : REPLY)
  mac.write(frame, offset + 8, arp.srcMac)
  ipv4.write(frame, offset + 14, arp.srcIp)
  mac.write(frame, offset + 18, arp.dstMac)
  ipv4.write(frame, offset + 24, arp.dstIp)
}
