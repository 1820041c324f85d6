/** Frames of a conversation between two stacks, to be made almost right, and their checksums made right again. */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import { getU16, setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { type ManualClock, manual } from '@mirage/clock/manual'
import type { Net } from '@mirage/net'
import { captured } from '@mirage/net/capture'
import { pair } from '@mirage/net/pair'
import { seeded } from '@mirage/random/seeded'
import { type Needs, type Stack, connect } from '@mirage/stack'
import type { TcpFlow } from '@mirage/tcp'

/** A stack in the middle of a conversation, and what was said to it so far. */
export interface Victim {
  readonly stack: Stack
  readonly clock: ManualClock
  /** The end of its cable that somebody else has got hold of. */
  readonly attacker: Net
  /** What its device says of every frame that it hands over, from now on. */
  readonly said: Said
  /** Every frame that it has received. */
  readonly heard: readonly Uint8Array[]
}

/** See `Receive` of `@mirage/net`. */
export interface Said {
  isChecked: boolean
  segmentSize: number | undefined
}

/** The two ends, in each family. */
const FOUR = [ipv4.of(10, 0, 0, 1), ipv4.of(10, 0, 0, 2)] as const
const SIX = [ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 1), ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 2)] as const
const [ETHERNET, IPV4, IPV6] = [14, 0x0800, 0x86dd]
const [ICMP, TCP, UDP, ICMPV6] = [1, 6, 17, 58]
const TEXT = new Uint8Array(3000).map((_, i) => i * 7)

/** Always the same conversation: connections that are open, closing and closed, datagrams in fragments, echoes. */
export async function victim(): Promise<Victim> {
  const clock = manual()
  const cable = pair({ clock })
  const heard: Uint8Array[] = []
  const said: Said = { isChecked: false, segmentSize: undefined }
  const net = captured(saying(cable.a, said), {
    sent: () => {},
    received: (frame) => void heard.push(frame.slice()),
    count: () => {},
  })
  const needs = (device: Net, seed: number): Needs => ({ net: device, clock, random: seeded(seed) })
  const [stack, other] = ([net, cable.b] as const).map((device, i) => {
    const addresses = [{ address: SIX[i]!, prefixLength: 64 }]
    const six = { addresses, isTrusted: true, acceptsRouters: true }
    return connect(needs(device, 1 + i), { cidr: { address: FOUR[i]!, prefixLength: 24 } }, six)
  }) as [Stack, Stack]
  stack.tcp.listen(80, echo)
  stack.udp.listen(53, ({ src, payload }) => {
    if (src.port !== 0) stack.udp.write(src, payload, { srcPort: 53 })
  })
  stack.icmp.onReply(() => {})
  other.tcp.listen(80, (flow) => void flow.offer(TEXT, 0, TEXT.length))
  for (const [own, peer] of [FOUR, SIX]) {
    for (let i = 0; i < 3; i++) void other.tcp.connect({ address: own, port: 80 })
    void other.tcp.connect({ address: own, port: 81 })
    void stack.tcp.connect({ address: peer, port: 80 })
    void stack.tcp.connect({ address: peer, port: 82 })
    for (const [size, port] of [
      [0, 53],
      [100, 53],
      [3000, 53],
      [3000, 54],
    ] as const) {
      other.udp.write({ address: own, port }, TEXT.subarray(0, size), { srcPort: 99 })
    }
    other.icmp.echo(own, { id: 1, sequence: 1, payload: TEXT.subarray(0, 56) })
    stack.udp.write({ address: peer, port: 1 }, TEXT.subarray(0, 10))
  }
  // Who has which address is known only when promises have gone on.
  for (let i = 0; i < 20; i++) {
    clock.advance(5)
    await setImmediate()
  }
  assert.ok(heard.length > 40, 'a conversation has taken place')
  // From now on the other end hears nothing: somebody else has its cable.
  cable.b.listen(() => {})
  return { stack, clock, attacker: cable.b, said, heard }
}

/** `net`, which says that of its frames. */
function saying(net: Net, said: Readonly<Said>): Net {
  return {
    mac: net.mac,
    mtu: net.mtu,
    counters: net.counters,
    write: (size, fill) => net.write(size, fill),
    listen: (receive) => net.listen((frame) => receive(frame, said.isChecked, said.segmentSize)),
    resetCounters: () => net.resetCounters(),
    disconnect: () => net.disconnect(),
  }
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

/** Makes the checksums of `frame` right, as far as it is a packet. */
export function repair(frame: Uint8Array): void {
  if (frame.length < ETHERNET + 20) return
  if (getU16(frame, 12) === IPV4) repairIpv4(frame)
  if (getU16(frame, 12) === IPV6) repairIpv6(frame)
}

function repairIpv4(frame: Uint8Array): void {
  const headerEnd = ETHERNET + 4 * (frame[ETHERNET]! & 0x0f)
  if (headerEnd < ETHERNET + 20 || headerEnd > frame.length) return
  setU16(frame, ETHERNET + 10, 0)
  setU16(frame, ETHERNET + 10, checksum.of(frame, ETHERNET, headerEnd))
  const end = Math.min(frame.length, ETHERNET + getU16(frame, ETHERNET + 2))
  const protocol = frame[ETHERNET + 9]!
  const [src, dst] = [ipv4.read(frame, ETHERNET + 12), ipv4.read(frame, ETHERNET + 16)]
  const pseudo = protocol === ICMP ? 0 : checksum.pseudo(src, dst, protocol, end - headerEnd)
  repairPayload(frame, headerEnd, end, protocol, pseudo)
}

/** Extension headers that have a length are stepped over; the rest of a packet is not looked at. */
function repairIpv6(frame: Uint8Array): void {
  if (frame.length < ETHERNET + 40) return
  const end = Math.min(frame.length, ETHERNET + 40 + getU16(frame, ETHERNET + 4))
  let [protocol, offset] = [frame[ETHERNET + 6]!, ETHERNET + 40]
  for (let i = 0; i < 4 && [0, 43, 60].includes(protocol) && offset + 2 <= end; i++) {
    const size = 8 * (frame[offset + 1]! + 1)
    protocol = frame[offset]!
    offset += size
  }
  const [src, dst] = [ipv6.read(frame, ETHERNET + 8), ipv6.read(frame, ETHERNET + 24)]
  repairPayload(frame, offset, end, protocol, checksum.pseudo(src, dst, protocol, Math.max(end - offset, 0)))
}

function repairPayload(
  frame: Uint8Array,
  offset: number,
  end: number,
  protocol: number,
  pseudo: number,
): void {
  const at = sumOffset(protocol)
  if (at < 0 || offset + at + 2 > end) return
  setU16(frame, offset + at, 0)
  setU16(frame, offset + at, checksum.of(frame, offset, end, pseudo))
}

function sumOffset(protocol: number): number {
  if (protocol === TCP) return 16
  if (protocol === UDP) return 6
  return protocol === ICMP || protocol === ICMPV6 ? 2 : -1
}
