/** Somebody on the link who has overheard a segment, and sends others in its sender's name: RFC 5961. */
import assert from 'node:assert/strict'
import * as ipv4 from '@mirage/address/ipv4'
import { getU32, setU16, setU32 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import type { Net } from '@mirage/net'

/** The flags of a segment: RFC 9293 §3.1. */
export const [FIN, SYN, RST, PSH, ACK] = [1, 2, 4, 8, 16] as const

const [IP, TCP] = [14, 34]
const PROTOCOL = 6

/** What a forged segment says otherwise than the one that it is made from. */
export interface Forgery {
  readonly flags: number
  /** Added to the numbers of the segment. */
  readonly seq?: number
  readonly ack?: number
  /** Instead of its own. */
  readonly text?: string
}

/** Sends a copy of `frame`, of IPv4 without options and TCP, with these changes. */
export function forge(net: Net, frame: Uint8Array, { flags, seq = 0, ack = 0, text }: Forgery): void {
  const headerEnd = TCP + 4 * (frame[TCP + 12]! >>> 4)
  const bytes = Uint8Array.from([...frame.subarray(0, headerEnd), ...Buffer.from(text ?? '')])
  setU32(bytes, TCP + 4, (getU32(bytes, TCP + 4) + seq) >>> 0)
  setU32(bytes, TCP + 8, (getU32(bytes, TCP + 8) + ack) >>> 0)
  bytes[TCP + 13] = flags
  send(net, bytes)
}

/** Answers `syn` in its receiver's name with a reset that acknowledges `ack` more than the SYN. */
export function forgeRefusal(net: Net, syn: Uint8Array, ack: number): void {
  const bytes = syn.slice(0, TCP + 20)
  // Addresses and ports change places, at every layer.
  bytes.set([...syn.subarray(6, 12), ...syn.subarray(0, 6)])
  bytes.set([...syn.subarray(IP + 16, IP + 20), ...syn.subarray(IP + 12, IP + 16)], IP + 12)
  bytes.set([...syn.subarray(TCP + 2, TCP + 4), ...syn.subarray(TCP, TCP + 2)], TCP)
  setU32(bytes, TCP + 4, 0)
  setU32(bytes, TCP + 8, (getU32(syn, TCP + 4) + 1 + ack) >>> 0)
  bytes[TCP + 12] = 5 << 4
  bytes[TCP + 13] = RST | ACK
  send(net, bytes)
}

/** Makes the lengths and checksums of `bytes` right, and sends it. */
function send(net: Net, bytes: Uint8Array): void {
  assert.equal(bytes[IP], 0x45, 'a packet of IPv4 without options')
  setU16(bytes, IP + 2, bytes.length - IP)
  setU16(bytes, IP + 10, 0)
  setU16(bytes, IP + 10, checksum.of(bytes, IP, TCP))
  const pseudo = checksum.pseudo(
    ipv4.read(bytes, IP + 12),
    ipv4.read(bytes, IP + 16),
    PROTOCOL,
    bytes.length - TCP,
  )
  setU16(bytes, TCP + 16, 0)
  setU16(bytes, TCP + 16, checksum.of(bytes, TCP, bytes.length, pseudo))
  net.write(bytes.length, (frame) => {
    frame.set(bytes)
    return bytes.length
  })
}
