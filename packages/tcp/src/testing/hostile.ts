/**
 * A peer that knows the protocol and breaks it, and an application that does everything in any order: for the tests.
 *
 * The peer keeps what an honest one would, so that what it sends is nearly right: it lies in the window, acknowledges
 * what was sent, carries the clocks and blocks that were agreed on; and then something about it is wrong. All text is a
 * function of its place in the stream, so that neither end needs to remember any of it to check all of it.
 */
import assert from 'node:assert/strict'
import type { IpAddress } from '@mirage/address/ip'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { seeded } from '@mirage/random/seeded'
import { connect } from '../connect.ts'
import { Application } from './hostile-application.ts'
import { Chance } from './hostile-chance.ts'
import { Peer } from './hostile-peer.ts'
import { Wire } from './hostile-wire.ts'

const CONNECTIONS_MAX = 64
/** Less than all connections want together. */
const MEMORY_MAX = 1_000_000
/** What each may hold beyond that: it has to make some progress. */
const EXCESS_MAX = 8192
/** Segments that one event may be answered with: a whole window in the smallest of segments, some times over. */
const ANSWERS_MAX = 400_000

/** What became of a stack that was attacked. */
export interface Report {
  readonly segmentsOut: number
  readonly opened: number
  readonly readBytes: number
  readonly longestMs: number
}

/** One stack, attacked `steps` times; what it does is told by `seed` alone. Throws where it does what it must not. */
export async function attack(seed: number, steps: number): Promise<Report> {
  return new Attack(seed).run(steps)
}

const OWN: readonly IpAddress[] = [ipv4.of(10, 0, 0, 1), ipv6.of(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)]
const PEERS: readonly IpAddress[] = [ipv4.of(10, 0, 0, 2), ipv6.of(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2)]

class Attack {
  readonly #chance: Chance
  readonly #clock: ManualClock = manual()
  readonly #stack: ReturnType<typeof connect>
  readonly #peer: Peer
  readonly #application: Application

  constructor(seed: number) {
    const random = seeded(seed)
    const chance = (this.#chance = new Chance(random))
    const isOffloaded = chance.rarely(2)
    const wire = new Wire(OWN, { checksum: isOffloaded, segmentation: isOffloaded ? 65_535 : 0 })
    this.#stack = connect(
      { ip: wire, icmp: wire, clock: this.#clock, random },
      {
        connectionsMax: CONNECTIONS_MAX,
        backlogMax: 8,
        timeWaitMax: 16,
        memoryMax: MEMORY_MAX,
        ...(chance.rarely(3) ? { receiveSize: 1 + chance.below(100_000) } : {}),
        ...(chance.rarely(3) ? { sendSize: 1 + chance.below(100_000) } : {}),
      },
    )
    this.#peer = new Peer(chance, wire, OWN, PEERS)
    this.#application = new Application(chance, this.#stack, this.#peer, PEERS)
  }

  async run(steps: number): Promise<Report> {
    let longestMs = 0
    for (let i = 0; i < steps; i++) {
      this.#peer.answers = 0
      const began = performance.now()
      this.#step()
      await settled()
      longestMs = Math.max(longestMs, performance.now() - began)
      this.#check()
    }
    await this.#end()
    const { segmentsOut } = this.#stack.counters
    const { opened, readBytes } = this.#application
    return { segmentsOut, opened, readBytes, longestMs }
  }

  #check(): void {
    const { connections, memory } = this.#stack.usage
    assert.ok(connections <= CONNECTIONS_MAX)
    assert.ok(memory >= 0 && memory <= MEMORY_MAX + CONNECTIONS_MAX * EXCESS_MAX, `${memory} bytes`)
    assert.ok(this.#peer.answers <= ANSWERS_MAX, `${this.#peer.answers} segments for one event`)
    const { deadline } = this.#clock
    assert.ok(deadline === undefined || !Number.isNaN(deadline))
  }

  /** Everybody leaves, and nobody answers any more: after some hours nothing is left. */
  async #end(): Promise<void> {
    this.#application.close()
    for (let i = 0; i < 300 && this.#clock.deadline !== undefined; i++) {
      this.#clock.advance(60_000)
      await settled()
    }
    assert.deepEqual(this.#stack.usage, { connections: 0, memory: 0 })
    assert.equal(this.#clock.deadline, undefined, 'nobody waits')
    this.#stack.disconnect()
  }

  #step(): void {
    const chance = this.#chance
    const conversation = this.#peer.any()
    const what = chance.below(100)
    if (conversation === undefined || what < 4) return this.#peer.open()
    if (what < 70) return this.#peer.speak(conversation)
    if (what < 85) return this.#application.use()
    if (what < 87) return this.#peer.complain(conversation)
    if (what < 88) return this.#application.connectOut()
    this.#clock.advance(
      chance.rarely(30) ? chance.below(600_000) : chance.rarely(3) ? chance.below(2000) : chance.below(20),
    )
  }
}

/** Continuations of continuations have run. */
async function settled(): Promise<void> {
  for (let i = 0; i < 6; i++) await Promise.resolve()
}
