import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isIn } from './recovery.ts'
import { QUICK_ACKS } from './sack.ts'
import { type Dialogue, established } from './testing/dialogue.ts'

describe('blocks of what arrived out of order (RFC 2018, RFC 2883)', () => {
  it('name the latest first, and text that came twice before all', () => {
    const tcp = established({ sackPermitted: true })
    tcp.receives({ seq: 1001, ack: 1, text: 1000 }).sends({ ack: 1, sacks: [[1001, 2001]] })
    tcp.receives({ seq: 3001, ack: 1, text: 1000 }).sends({
      sacks: [
        [3001, 4001],
        [1001, 2001],
      ],
    })
    tcp.receives({ seq: 2001, ack: 1, text: 500 }).sends({
      sacks: [
        [1001, 2501],
        [3001, 4001],
      ],
    })
    tcp.receives({ seq: 1001, ack: 1, text: 1000 }).sends({
      sacks: [
        [1001, 2001],
        [1001, 2501],
        [3001, 4001],
      ],
    })
    tcp.receives({ seq: 1, ack: 1, text: 1000 }).sends({ ack: 2501, sacks: [[3001, 4001]] })
    tcp.receives({ seq: 2501, ack: 1, text: 500 }).sends({ ack: 4001, sacks: [] })
    tcp.receives({ seq: 3001, ack: 1, text: 1000 }).sends({ ack: 4001, sacks: [[3001, 4001]] })
  })

  it('are as many as there is room for: four, or three beside timestamps', () => {
    for (const [setting, count] of [
      [{}, 4],
      [{ clock: 7 }, 3],
    ] as const) {
      const tcp = established({ sackPermitted: true, ...setting })
      const stamps = 'clock' in setting ? ([8, 0] as const) : undefined
      for (let i = 0; i < 6; i++) {
        const sacks = Array.from(
          { length: Math.min(i + 1, count) },
          (_, k) => [1001 + 2000 * (i - k), 1101 + 2000 * (i - k)] as const,
        )
        tcp.receives({ seq: 1001 + 2000 * i, ack: 1, text: 100, stamps }).sends({ ack: 1, sacks })
      }
    }
  })

  it('name what came twice, however much follows in the same turn', () => {
    const tcp = established({ sackPermitted: true }).receives({ seq: 1, ack: 1, text: 100 })
    tcp.during(() => {
      for (let i = 0; i <= QUICK_ACKS; i++) tcp.receives({ seq: 51 + 100 * i, ack: 1, text: 100 })
    })
    tcp.sends({ ack: 51 + 100 * (QUICK_ACKS + 1), sacks: [[51, 101]] })
    assert.equal(tcp.tcb.rcv.holes, undefined)
  })

  it('leave nothing behind once 16 segments have come in order, and little before', () => {
    const tcp = established({ sackPermitted: true })
    tcp.receives({ seq: 101, ack: 1, text: 100 }).sends({ ack: 1 })
    tcp.receives({ seq: 1, ack: 1, text: 100 }).sends({ ack: 201 })
    assert.deepEqual(tcp.tcb.rcv.holes?.recent, [])
    for (let i = 2; i < 2 + QUICK_ACKS; i++)
      tcp.receives({ seq: 1 + 100 * i, ack: 1, text: 100 }).sends({ ack: 101 + 100 * i })
    assert.equal(tcp.tcb.rcv.holes, undefined)
  })

  it('are not sent to a peer that does not permit them', () => {
    established().receives({ seq: 1001, ack: 1, text: 10 }).sends({ ack: 1, sacks: [] })
  })

  it('leave before text that waits', () => {
    const tcp = established({ sackPermitted: true })
      .writes('a')
      .sends({ text: 'a' })
      .writes('b')
      .sendsNothing()
    tcp
      .receives({ seq: 11, ack: 2, text: 10 })
      .sends({ ack: 1, sacks: [[11, 21]] })
      .sends({ text: 'b', sacks: [] })
  })
})

/** Ten segments are in flight for 100 ms, and more wait. */
function flying(): Dialogue {
  const tcp = established({ sackPermitted: true, window: 60_000 })
  tcp.tcb.srtt = 100_000
  tcp.tcb.rttMin = 100_000
  tcp.tcb.rto = 300
  tcp.writes(60_000)
  assert.equal(tcp.sentCount(), 10)
  return tcp.at(100)
}

describe('loss recovery with blocks (RFC 8985, RFC 9937)', () => {
  it('sends what is lost again as soon as three segments behind it have arrived, and every hole in one round trip', () => {
    const tcp = flying()
      .receives({ ack: 1, sacks: [[1001, 2001]] })
      .sends({ seq: 10_001, text: 1000 })
    tcp
      .receives({
        ack: 1,
        sacks: [
          [1001, 2001],
          [3001, 4001],
        ],
      })
      .sends({ seq: 11_001, text: 1000 })
    tcp
      .receives({
        ack: 1,
        sacks: [
          [1001, 2001],
          [3001, 5001],
        ],
      })
      .sends({ seq: 1, text: 1000 })
    assert.ok(isIn(tcp.tcb, 'recovery'))
    assert.equal(tcp.tcb.ssthresh, 7000)
    tcp
      .receives({
        ack: 1,
        sacks: [
          [1001, 2001],
          [3001, 6001],
        ],
      })
      .sendsNothing()
    tcp
      .receives({
        ack: 1,
        sacks: [
          [1001, 2001],
          [3001, 10_001],
        ],
      })
      .sends({ seq: 2001, text: 1000 })
    tcp.sentCount()
    tcp.at(200).receives({ ack: tcp.tcb.snd.max })
    tcp.sentCount()
    assert.ok(isIn(tcp.tcb, 'open'))
  })

  it('waits a quarter of a round trip for one that may only be late', () => {
    const tcp = flying()
      .receives({ ack: 1, sacks: [[1001, 2001]] })
      .sends({ seq: 10_001, text: 1000 })
    tcp.at(124).sendsNothing().at(125).sends({ seq: 1, text: 1000, at: 125 })
  })

  it('sends again what was sent again and lost, without waiting for a timeout', () => {
    const tcp = flying().receives({ ack: 1, sacks: [[1001, 5001]] })
    tcp.sends({ seq: 1, text: 1000 })
    tcp.sentCount()
    tcp.at(199).receives({ ack: 1, sacks: [[1001, 10_001]] })
    tcp.sentCount()
    tcp.at(240).receives({ ack: 1, sacks: [[1001, tcp.tcb.snd.max]] })
    tcp.sends({ seq: 1, text: 1000 })
  })

  it('probes the tail after two round trips, and learns of its loss', () => {
    const tcp = established({ sackPermitted: true })
    Object.assign(tcp.tcb, { srtt: 50_000, rttMin: 50_000, rto: 300 })
    tcp.writes(3000).sends({ seq: 1, text: 1000 }).sends({ text: 1000 }).sends({ text: 1000 })
    tcp.at(50).receives({ ack: 1001 }).at(160).sends({ seq: 2001, text: 1000, at: 160 })
    tcp
      .at(210)
      .receives({ ack: 1001, sacks: [[2001, 3001]] })
      .sends({ seq: 1001, text: 1000 })
  })

  it('undoes a recovery for what the peer had: every retransmission came twice (RFC 3708)', () => {
    const tcp = flying()
      .receives({ ack: 1, sacks: [[1001, 4001]] })
      .sends({ seq: 1, text: 1000 })
    tcp.sentCount()
    tcp.at(110).receives({ ack: 4001, sacks: [] })
    tcp.sentCount()
    tcp.at(200).receives({ ack: 4001, sacks: [[1, 1001]] })
    assert.ok(tcp.tcb.cwnd >= 10_000)
    assert.ok(tcp.tcb.rack?.isReordered)
  })

  it('undoes a recovery where what was late arrived before it went again', () => {
    const tcp = flying()
    tcp.during(() => tcp.receives({ ack: 1, sacks: [[1001, 5001]] }).receives({ ack: 6001 }))
    assert.ok(isIn(tcp.tcb, 'open'))
    assert.ok(tcp.tcb.cwnd >= 10_000)
    tcp.sends({ seq: 10_001, text: 1000 }).sentCount()
  })

  it('believes no block of what was never sent', () => {
    const tcp = flying()
    for (const block of [
      [1001, 99_001],
      [5, 5],
      [6001, 5001],
      [-5000, 2001],
    ] as const)
      tcp.receives({ ack: 1, sacks: [block] })
    assert.equal(tcp.tcb.flight.sacked, 0)
  })

  it('sends everything again after a timeout where the peer threw away what it held', () => {
    const tcp = flying().receives({ ack: 1, sacks: [[1001, 10_001]] })
    tcp.sentCount()
    tcp.at(110).receives({ ack: 1001 })
    tcp.sentCount()
    tcp.at(2000)
    assert.equal(tcp.tcb.flight.sacked, 0)
  })
})
