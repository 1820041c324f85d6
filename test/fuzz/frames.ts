/** Frames of a conversation between two stacks, to be made almost right, and their checksums made right again. */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import * as ipv4 from '@mirage/address/ipv4'
import { getU16, setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { type ManualClock, manual } from '@mirage/clock/manual'
import type { Net } from '@mirage/net'
import { captured } from '@mirage/net/capture'
import { pair } from '@mirage/net/pair'
import { seeded } from '@mirage/random/seeded'
import { type Stack, connect } from '@mirage/stack'
import type { TcpFlow } from '@mirage/tcp'

/** A stack in the middle of a conversation, and what was said to it so far. */
export interface Victim {
  readonly stack: Stack
  readonly clock: ManualClock
  /** The end of its cable that somebody else has got hold of. */
  readonly attacker: Net
  /** Every frame that it has received. */
  readonly heard: readonly Uint8Array[]
}

const OWN = ipv4.of(10, 0, 0, 1)
const OTHER = ipv4.of(10, 0, 0, 2)
const [ETHERNET, IPV4] = [14, 0x0800]
const [ICMP, TCP, UDP] = [1, 6, 17]
const TEXT = new Uint8Array(3000).map((_, i) => i * 7)

/** Always the same conversation: connections that are open, closing and closed, datagrams in fragments, echoes. */
export async function victim(): Promise<Victim> {
  const clock = manual()
  const cable = pair({ clock })
  const heard: Uint8Array[] = []
  const net = captured(cable.a, { sent: () => {}, received: (frame) => void heard.push(frame.slice()) })
  const needs = (device: Net, seed: number) => ({ net: device, clock, random: seeded(seed) })
  const stack = connect(needs(net, 1), { cidr: { address: OWN, prefixLength: 24 } })
  const other = connect(needs(cable.b, 2), { cidr: { address: OTHER, prefixLength: 24 } })
  stack.tcp.listen(80, echo)
  stack.udp.listen(53, ({ src, payload }) => {
    if (src.port !== 0) stack.udp.write(src, payload, { srcPort: 53 })
  })
  stack.icmp.onReply(() => {})
  other.tcp.listen(80, (flow) => void flow.offer(TEXT, 0, TEXT.length))
  for (let i = 0; i < 3; i++) void other.tcp.connect({ address: OWN, port: 80 })
  void other.tcp.connect({ address: OWN, port: 81 })
  void stack.tcp.connect({ address: OTHER, port: 80 })
  void stack.tcp.connect({ address: OTHER, port: 82 })
  for (const size of [0, 100, 4000])
    other.udp.write({ address: OWN, port: 53 }, TEXT.subarray(0, size % 3000), { srcPort: 99 })
  other.udp.write({ address: OWN, port: 54 }, TEXT, { srcPort: 99 })
  other.icmp.echo(OWN, { id: 1, sequence: 1, payload: TEXT.subarray(0, 56) })
  stack.udp.write({ address: OTHER, port: 1 }, TEXT.subarray(0, 10))
  // Who has which address is known only when promises have gone on.
  for (let i = 0; i < 20; i++) {
    clock.advance(5)
    await setImmediate()
  }
  assert.ok(heard.length > 15, 'a conversation has taken place')
  // From now on the other end hears nothing: somebody else has its cable.
  cable.b.listen(() => {})
  return { stack, clock, attacker: cable.b, heard }
}

/** Answers what it is told, and closes what is closed. */
function echo(flow: TcpFlow): void {
  const pump = (): void => {
    for (let read = flow.poll(pump); read !== undefined; read = flow.poll(pump)) {
      if (!read.ok || read.value === 'eof') return flow.close()
      flow.offer(read.value, 0, read.value.length)
    }
  }
  pump()
}

/** Makes the checksums of `frame` right, as far as it is a packet of IPv4. */
export function repair(frame: Uint8Array): void {
  if (frame.length < ETHERNET + 20 || getU16(frame, 12) !== IPV4) return
  const headerEnd = ETHERNET + 4 * (frame[ETHERNET]! & 0x0f)
  if (headerEnd < ETHERNET + 20 || headerEnd > frame.length) return
  setU16(frame, ETHERNET + 10, 0)
  setU16(frame, ETHERNET + 10, checksum.of(frame, ETHERNET, headerEnd))
  const end = Math.min(frame.length, ETHERNET + getU16(frame, ETHERNET + 2))
  const [protocol, at] = [frame[ETHERNET + 9]!, sumOffset(frame[ETHERNET + 9]!)]
  if (at < 0 || headerEnd + at + 2 > end) return
  const [src, dst] = [ipv4.read(frame, ETHERNET + 12), ipv4.read(frame, ETHERNET + 16)]
  const pseudo = protocol === ICMP ? 0 : checksum.pseudo(src, dst, protocol, end - headerEnd)
  setU16(frame, headerEnd + at, 0)
  setU16(frame, headerEnd + at, checksum.of(frame, headerEnd, end, pseudo))
}

function sumOffset(protocol: number): number {
  return protocol === TCP ? 16 : protocol === UDP ? 6 : protocol === ICMP ? 2 : -1
}
