/**
 * What floods of a link may take from a connection beside them: half of its speed at most where a frame of the flood
 * comes with every other segment (at 6 Gbit/s that is 250,000 frames a second), and no more memory than is said here.
 * `MIRAGE_LIMITS=full` sends a million frames of each kind; without it, a hundredth of that.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import { type ManualClock, manual } from '@mirage/clock/manual'
import type { Net } from '@mirage/net'
import { seeded } from '@mirage/random/seeded'
import { type Stack, connect } from '@mirage/stack'
import type { TcpFlow } from '@mirage/tcp'
import { vnetif } from '@mirage/vnetif'
import { type Flood, TARGET, floods } from './forged.ts'

const FRAMES = process.env['MIRAGE_LIMITS'] === 'full' ? 1_000_000 : 10_000
/** Rounds, and what the connection carries in each. */
const ROUNDS = 31
/** Before that, until what is used is compiled. */
const WARM_UP = 15
/** Times that the rounds are done again where they took too long. */
const TRIES_MAX = 3
const LENGTH = 400_000
const MSS = 1460
/** Bytes that a host keeps of all that is said to it, beyond what it has anyway: fragments, neighbours, what waits for them. */
const MEMORY_MAX = 8_000_000
const PORT = 80

interface Rig {
  readonly clock: ManualClock
  readonly flow: TcpFlow
  /** Bytes that the server has got of `flow`. */
  readonly received: () => number
  /** Where the flood comes from, and a device that it may go to instead of the server. */
  readonly attacker: Net
  readonly bystander: Net
}

async function rig(family: 4 | 6): Promise<Rig> {
  const clock = manual()
  const link = vnetif({ clock, queue: 4096 })
  const [gateway, gateway6] = [ipv4.of(10, 0, 0, 3), ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 3)]
  const stack = (net: Net, address: ipv4.Ipv4, six: ipv6.Ipv6): Stack =>
    connect(
      { net, clock, random: seeded(net.mac & 0xff) },
      { cidr: { address, prefixLength: 16 }, gateway },
      { addresses: [{ address: six, prefixLength: 64 }], gateway: gateway6, isTrusted: true },
    )
  const server = stack(link.connect(), TARGET.ipv4, TARGET.ipv6)
  const client = stack(link.connect(), ipv4.of(10, 0, 0, 2), ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 2))
  // What the server answers to others goes to the bystander, who is no router and drops it.
  const bystander = link.connect()
  stack(bystander, gateway, gateway6)
  const attacker = link.connect()
  attacker.listen(() => {})
  let received = 0
  server.tcp.listen(PORT, (flow) =>
    flow.listen(
      (_frame, offset, end) => void (received += end - offset),
      () => flow.close(),
    ),
  )
  const address = family === 4 ? TARGET.ipv4 : TARGET.ipv6
  const opening = client.tcp.connect({ address, port: PORT })
  for (let i = 0; i < 300; i++) await pass(clock, 10)
  const opened = await opening
  assert.ok(opened.ok, 'it is connected')
  return { clock, flow: opened.value, received: () => received, attacker, bystander }
}

async function pass(clock: ManualClock, duration: number): Promise<void> {
  clock.advance(duration)
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

/** Sends frames `from` up to `to` of a flood to the server, or to the bystander. */
function send(
  { attacker, bystander }: Rig,
  { forge }: Flood,
  from: number,
  to: number,
  isSpared: boolean,
): void {
  for (let i = from; i < to; i++) {
    const frame = forge(i)
    attacker.write(frame.length, (lent) => {
      lent.set(frame)
      if (isSpared) lent[5] = bystander.mac & 0xff
      return frame.length
    })
  }
}

interface Cost {
  /** Of this thread, and of the link, in milliseconds. */
  readonly cpu: number
  readonly time: number
}

/**
 * The share of the rounds that take less than what counts. Where others work on the machine most rounds lose the
 * processor in between, and take several times as long; a tenth of them never do.
 */
const SHARES: Readonly<Record<keyof Cost, number>> = { cpu: 0.1, time: 0.5 }

/** Carries `LENGTH` bytes, and calls `beside` with the number of segments that have passed since the last time. */
async function transfer({ clock, flow, received }: Rig, beside: (segments: number) => void): Promise<Cost> {
  const [begun, start] = [performance.now(), clock.now()]
  const end = received() + LENGTH
  void flow.write(TEXT)
  for (let before = received(); received() < end; ) {
    await pass(clock, 1)
    beside(Math.ceil((received() - before) / MSS))
    before = received()
    assert.ok(clock.now() - start < 60_000, 'the transfer ends')
  }
  return { cpu: performance.now() - begun, time: clock.now() - start }
}

const TEXT = new Uint8Array(LENGTH).map((_, i) => i * 7)

/** The value below which `share` of all are. */
function quantile(values: readonly number[], share: number): number {
  return values.slice().sort((a, b) => a - b)[Math.floor(values.length * share)]!
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function memory(): number {
  // Buffers that are garbage are taken back beside the program, at the latest when it is collected again.
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** What a flood does to the connection beside it. */
class Measurement {
  readonly #made: Rig
  readonly #flood: Flood
  /** Frames of the flood that were sent. */
  #count = 0
  #costs: Record<'alone' | 'spared' | 'beside', Cost[]> = { alone: [], spared: [], beside: [] }

  constructor(made: Rig, flood: Flood) {
    this.#made = made
    this.#flood = flood
  }

  async rounds(rounds: number): Promise<void> {
    this.#costs = { alone: [], spared: [], beside: [] }
    for (let i = 0; i < rounds; i++) {
      this.#costs.alone.push(await transfer(this.#made, () => {}))
      this.#costs.spared.push(await transfer(this.#made, this.#frames(true)))
      this.#costs.beside.push(await transfer(this.#made, this.#frames(false)))
    }
  }

  /** Sends the rest of the flood, as fast as can be. Returns the bytes that are in use because of it. */
  async drown(): Promise<number> {
    const before = memory()
    for (; this.#count < FRAMES; this.#count += 500) {
      send(this.#made, this.#flood, this.#count, this.#count + 500, false)
      await pass(this.#made.clock, 1)
    }
    return memory() - before
  }

  /** How many times as long the connection takes. What making and carrying the frames costs is the attacker's. */
  get slowness(): number {
    return 1 + (this.of('beside', 'cpu') - this.of('spared', 'cpu')) / this.of('alone', 'cpu')
  }

  of(what: 'alone' | 'spared' | 'beside', cost: keyof Cost): number {
    const values = this.#costs[what].map((each) => each[cost])
    return quantile(values, SHARES[cost])
  }

  #frames(isSpared: boolean): (segments: number) => void {
    return (segments) => {
      const more = Math.ceil(segments / 2)
      send(this.#made, this.#flood, this.#count, this.#count + more, isSpared)
      this.#count += more
    }
  }
}

describe('a connection goes on at half its speed or more, and nothing is kept for long, beside', () => {
  for (const flood of floods) {
    it(`${flood.what} (${flood.family === 4 ? 'IPv4' : 'IPv6'})`, async (context) => {
      const made = await rig(flood.family)
      const measurement = new Measurement(made, flood)
      await measurement.rounds(WARM_UP)
      await measurement.rounds(ROUNDS)
      // Others work on the machine too, and may take all of it for a while.
      for (let tries = 1; tries < TRIES_MAX && measurement.slowness > 2; tries++)
        await measurement.rounds(ROUNDS)
      const { slowness } = measurement
      const most = 2 * measurement.of('alone', 'time') + 2
      assert.ok(slowness <= 2, `${slowness} times as long`)
      assert.ok(measurement.of('beside', 'time') <= most, 'the link is free')
      const kept = await measurement.drown()
      context.diagnostic(`${slowness.toFixed(2)} times as long, ${(kept / 1e6).toFixed(1)} MB kept`)
      assert.ok(kept <= MEMORY_MAX, `${kept} bytes are kept`)
      // It was idle, and begins slowly (RFC 5681 §4.1).
      await transfer(made, () => {})
      assert.ok((await transfer(made, () => {})).time <= most, 'the link is free afterwards')
      made.clock.advance(120_000)
      assert.ok(made.clock.pending <= 20, `${made.clock.pending} timers`)
    })
  }
})
