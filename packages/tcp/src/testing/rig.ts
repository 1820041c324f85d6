/** Two stacks of TCP on a link in memory, on virtual time: for the tests of this package. */
import * as ipv4 from '@mirage/address/ipv4'
import { type ManualClock, manual } from '@mirage/clock/manual'
import type { Config, IpError, Ipv4Layer, Outgoing, Packet } from '@mirage/ip'
import type { DeliveryError } from '@mirage/ip/errors'
import * as route from '@mirage/ip/route'
import { type FillAt, NO_OFFLOADS, type Offloads } from '@mirage/net'
import type { Random } from '@mirage/random'
import { seeded } from '@mirage/random/seeded'
import { type Result, done, err } from '@mirage/result'
import { type Options, connect } from '../connect.ts'

export const A: ipv4.Ipv4 = ipv4.of(10, 0, 0, 1)
export const B: ipv4.Ipv4 = ipv4.of(10, 0, 0, 2)

/** What happens to a packet: the delays of its copies in milliseconds, none if it is lost. */
export type Fate = (packet: Uint8Array, from: ipv4.Ipv4) => readonly number[]

export interface Rig {
  readonly clock: ManualClock
  readonly a: ReturnType<typeof connect>
  readonly b: ReturnType<typeof connect>
  /** Lets `duration` pass, with everything that applications do in between. */
  readonly pass: (duration: number) => Promise<void>
  /** Lets time pass until `work` is done, at most `limit`. */
  readonly run: <T>(work: Promise<T>, limit?: number) => Promise<T>
}

export interface RigOptions {
  readonly seed?: number
  readonly mtu?: number
  readonly fate?: (random: Random) => Fate
  readonly a?: Options
  readonly b?: Options
}

/** One end of the link. */
export class Wire implements Ipv4Layer {
  readonly config: Config
  readonly offloads: Offloads = NO_OFFLOADS
  #mtu: number
  /** Tells TCP of an error, as ICMP would. */
  report: (error: DeliveryError) => void = () => {}
  transmit: (packet: Uint8Array, dst: ipv4.Ipv4, src: ipv4.Ipv4) => void = () => {}
  #receive: (packet: Packet<ipv4.Ipv4>) => void = () => {}
  readonly unreachable: ((dst: ipv4.Ipv4) => void)[] = []
  readonly drops = {} as Ipv4Layer['drops']

  constructor(address: ipv4.Ipv4, mtu: number) {
    this.config = { cidr: { address, prefixLength: 24 } }
    this.#mtu = mtu
  }

  mtu(): number {
    return this.#mtu
  }

  reducePathMtu(_dst: ipv4.Ipv4, mtu: number): boolean {
    if (mtu - 20 >= this.#mtu) return false
    this.#mtu = mtu - 20
    return true
  }

  onError(_protocol: number, receive: (error: DeliveryError) => void): void {
    this.report = receive
  }

  isHost(address: ipv4.Ipv4): boolean {
    return route.isHost(this.config.cidr, address)
  }

  isOwn(address: ipv4.Ipv4): boolean {
    return address === this.config.cidr.address
  }

  configure(): void {}

  src(): ipv4.Ipv4 {
    return this.config.cidr.address
  }

  write(): never {
    throw new Error('not used')
  }

  writeAt({ dst, src, size }: Readonly<Outgoing<ipv4.Ipv4>>, fill: FillAt): Result<void, IpError> {
    if (size > this.#mtu) return err('would-fragment')
    // An odd offset and what is behind the segment are there to be noticed if they are touched.
    const frame = new Uint8Array(size + 3)
    const length = fill(frame, 3)
    this.transmit(frame.subarray(3, 3 + length), dst, src)
    return done
  }

  receive(bytes: Uint8Array, src: ipv4.Ipv4, dst: ipv4.Ipv4): void {
    const end = bytes.length
    const of = { trafficClass: 0, isChecked: false, segmentSize: undefined, protocol: 6, ttl: 64 }
    this.#receive({ frame: bytes, header: 0, offset: 0, end, src, dst, ...of })
  }

  listen(_protocol: number, receive: (packet: Packet<ipv4.Ipv4>) => void): void {
    this.#receive = receive
  }

  listenOther(): void {}

  onReassemblyTimeout(): void {}

  readonly fragmentsSize = 0

  disconnect(): void {}

  intercept(): void {}

  relay(): never {
    throw new Error('not used')
  }

  onUnreachable(notify: (dst: ipv4.Ipv4) => void): void {
    this.unreachable.push(notify)
  }
}

export function rig({ seed = 1, mtu = 1500, fate, a = {}, b = {} }: RigOptions = {}): Rig & {
  readonly wireA: Wire
  readonly wireB: Wire
} {
  const clock = manual()
  const random = seeded(seed)
  const decide = fate?.(random) ?? (() => [0])
  const wireA = new Wire(A, mtu - 20)
  const wireB = new Wire(B, mtu - 20)
  const join = (from: Wire, to: Wire): void => {
    from.transmit = (packet, dst, src) => {
      for (const delay of decide(packet, src))
        clock.at(clock.now() + delay, () => to.receive(packet.slice(), src, dst))
    }
  }
  join(wireA, wireB)
  join(wireB, wireA)
  const pass = async (duration: number): Promise<void> => {
    const end = clock.now() + duration
    for (;;) {
      await settled()
      const due = clock.deadline
      if (due === undefined || due > end) break
      clock.advance(Math.max(due - clock.now(), 0))
    }
    clock.advance(end - clock.now())
    await settled()
  }
  const run = async <T>(work: Promise<T>, limit: number = 600_000): Promise<T> => {
    let isDone = false
    const end = clock.now() + limit
    void work.finally(() => (isDone = true)).catch(() => {})
    for (;;) {
      await settled()
      if (isDone) return work
      if (clock.now() > end || clock.deadline === undefined) throw new Error(`not done at ${clock.now()} ms`)
      clock.advance(Math.max(clock.deadline - clock.now(), 0))
    }
  }
  return {
    clock,
    wireA,
    wireB,
    a: connect({ ip: wireA, icmp: wireA, clock, random }, a),
    b: connect({ ip: wireB, icmp: wireB, clock, random }, b),
    pass,
    run,
  }
}

/** Every promise continuation that can run has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
