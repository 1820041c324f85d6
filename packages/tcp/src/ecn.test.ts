import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isIn } from './recovery.ts'
import { type Dialogue, answers, established, opens } from './testing/dialogue.ts'

/** A connection whose peer offered congestion notification. */
function notified(): Dialogue {
  const tcp = answers({ segmentMax: 60_000 }, { ece: true, cwr: true }).sends({
    syn: true,
    ece: true,
    cwr: false,
    ecn: 0,
  })
  return tcp.receives({ seq: 1, ack: 1 }).is('established')
}

describe('congestion notification (RFC 3168)', () => {
  it('is offered by our first SYN, and by no later one', () => {
    const tcp = opens().sends({ syn: true, ece: true, cwr: true, ecn: 0 })
    tcp.at(1000).sends({ syn: true, ece: false, cwr: false })
  })

  it('is agreed on where the peer answers so, and marks then what is new', () => {
    const tcp = opens().sends({ syn: true })
    tcp.receives({ syn: true, ack: 1, ece: true }).sends({ ack: 1, ecn: 0 })
    tcp.writes(10).sends({ text: 10, ecn: 2 }).at(200).sends({ text: 10, ecn: 0, at: 200 })
  })

  it('is not agreed on where the peer reflects what we said, or says nothing', () => {
    for (const said of [{ ece: true, cwr: true }, {}]) {
      const tcp = opens()
        .sends({ syn: true })
        .receives({ syn: true, ack: 1, ...said })
        .sends({ ack: 1 })
      tcp.writes(10).sends({ text: 10, ecn: 0 })
    }
    established().writes(10).sends({ text: 10, ecn: 0, ece: false })
  })

  it('tells of a mark at once, and again until the peer has reduced its window', () => {
    const tcp = notified().receives({ ack: 1, text: 10, ecn: 3 }).sends({ ack: 11, ece: true, ecn: 0 })
    tcp.writes('a').sends({ text: 'a', ece: true, ecn: 2 })
    tcp.receives({ ack: 2, text: 10, ecn: 2, cwr: true }).at(40).sends({ ack: 21, ece: false })
  })

  it('reduces the window once in a round trip, and says so in one segment', () => {
    const tcp = notified().writes(60_000).sends({ text: 10_000, cwr: false })
    tcp.receives({ ack: 5001, ece: true })
    assert.equal(tcp.tcb.cwnd, 7000)
    tcp.sends({ text: 1000, cwr: true }).sends({ text: 1000, cwr: false }).sendsNothing()
    tcp.receives({ ack: 6001, ece: true }).sends({ text: 1000, cwr: false })
    assert.equal(tcp.tcb.cwnd, 7000)
    assert.ok(isIn(tcp.tcb, 'reduced'))
    tcp.receives({ ack: 13_001 }).sentCount()
    assert.ok(isIn(tcp.tcb, 'open'))
  })
})
