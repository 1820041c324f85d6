import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { distance } from './sequence.ts'
import { NEVER, type Tcb } from './tcb.ts'
import { type Dialogue, established } from './testing/dialogue.ts'
import * as timers from './timers.ts'

/** How far a number is from the expected one: nothing mostly, or where windows and the sequence space end. */
const far: fc.Arbitrary<number> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  fc.constantFrom(
    1,
    -1,
    1000,
    -1000,
    0xffff,
    -0xffff,
    2 ** 30,
    -(2 ** 30),
    2 ** 31 - 1,
    2 ** 31,
    2 ** 31 + 1,
  ),
)

const segment = fc.record({
  seq: far,
  ack: far,
  isAckOfAll: fc.boolean(),
  window: fc.constantFrom(0, 1, 1000, 65_535),
  text: fc.constantFrom(0, 0, 1, 1000),
  fin: fc.boolean(),
})

const step: fc.Arbitrary<(tcp: Dialogue) => unknown> = fc.oneof(
  {
    weight: 4,
    arbitrary: segment.map(({ seq, ack, isAckOfAll, ...said }) => (tcp: Dialogue) => {
      const { snd, rcv } = tcp.tcb
      return tcp.receives({ ...said, seq: rcv.nxt + seq, ack: (isAckOfAll ? snd.max : snd.una) + ack })
    }),
  },
  fc.nat(3000).map((length) => (tcp: Dialogue) => tcp.state === 'established' && tcp.writes(length)),
  fc.nat(2000).map((duration) => (tcp: Dialogue) => tcp.at(tcp.now + duration)),
  fc.constant((tcp: Dialogue) => tcp.readsAll()),
  fc.constant((tcp: Dialogue) => tcp.shutsDown()),
)

/** What holds between any two events. */
function check(tcb: Tcb, now: number): void {
  const { snd, rcv, limits, state } = tcb
  if (state === 'gone') return
  const [sent, flight] = [distance(snd.una, snd.nxt), distance(snd.una, snd.max)]
  assert.ok(sent >= 0 && sent <= flight, 'una <= nxt <= max')
  assert.ok(flight <= snd.queue.length + 1, 'what is in flight is in the queue, or the FIN')
  assert.ok(distance(rcv.nxt, rcv.edge) >= 0 && rcv.ready.length <= limits.receiveSize, 'the window holds')
  assert.ok(timers.earliest(tcb) > now, 'nothing stays due')
  const isOwing = snd.queue.length > 0 || (snd.isFinished && distance(snd.end, snd.una) <= 0)
  assert.ok(!isOwing || tcb.retransmitAt !== NEVER || tcb.persistAt !== NEVER, 'what is owed has a timer')
}

describe('numbers where windows and the sequence space end', () => {
  it('break nothing that holds between two segments', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(0, -3000, 0x7fff_f000), (steps, iss) => {
        const tcp = established({ iss, irs: iss + 500, receiveSize: 3000 })
        for (const each of steps) {
          if (tcp.state === 'gone') break
          each(tcp)
          tcp.sentCount()
          check(tcp.tcb, tcp.now)
        }
      }),
      { numRuns: 500 },
    )
  })
})
