import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NO_RUNS } from './assembler.ts'
import * as scoreboard from './scoreboard.ts'
import { NO_QUEUE } from './send-queue.ts'
import { NEVER } from './tcb.ts'
import { established } from './testing/dialogue.ts'
import { NO_TEXT } from './text.ts'
import * as timers from './timers.ts'

describe('an idle connection', () => {
  it('keeps nothing of what was sent and received', () => {
    const tcp = established({ sackPermitted: true }).writes(1000).sends({ text: 1000 })
    assert.notEqual(tcp.tcb.flight, scoreboard.NOTHING)
    tcp
      .at(20)
      .receives({ seq: 6, ack: 1001, text: ' world' })
      .sends({ ack: 1, sacks: [[6, 12]] })
    tcp.receives({ seq: 1, ack: 1001, text: 'hello' }).sends({ ack: 12 }).reads('hello world')
    const { snd, rcv, flight, slowStart, retransmitAt, ackAt } = tcp.tcb
    assert.ok(snd.queue === NO_QUEUE && rcv.ready === NO_TEXT && rcv.assembler === NO_RUNS)
    assert.ok(flight === scoreboard.NOTHING && slowStart === undefined)
    assert.deepEqual([retransmitAt, ackAt], [NEVER, NEVER])
    assert.equal(timers.earliest(tcp.tcb), Number.POSITIVE_INFINITY)
  })

  it('shares what it does not have with all others, none of which changes it', () => {
    const tcp = established().writes(500).sends({ text: 500 }).receives({ ack: 501, text: 'a' })
    tcp.reads('a').at(1000).sends({ ack: 2 })
    assert.deepEqual([NO_QUEUE.length, NO_TEXT.length, NO_RUNS.isEmpty], [0, 0, true])
    assert.deepEqual(scoreboard.NOTHING, scoreboard.empty())
  })
})
