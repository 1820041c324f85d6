import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { reno } from './congestion/reno.ts'
import { isIn } from './recovery.ts'
import { NEVER } from './tcb.ts'
import { type Dialogue, established } from './testing/dialogue.ts'

describe('the retransmission timer (RFC 6298)', () => {
  it('starts with the first segment, is restarted by progress and stopped when all is acknowledged', () => {
    const tcp = established().writes(2000).sends({ seq: 1, text: 1000 }).sends({ seq: 1001, text: 1000 })
    assert.equal(tcp.tcb.retransmitAt, 1000)
    tcp.at(900).receives({ ack: 1001 })
    assert.equal(tcp.tcb.retransmitAt, 900 + tcp.tcb.rto)
    tcp.at(950).receives({ ack: 2001 })
    assert.equal(tcp.tcb.retransmitAt, NEVER)
  })

  it('sends one segment again, the oldest, and backs off', () => {
    const tcp = established().writes(2000).sends({ seq: 1, text: 1000 }).sends({ seq: 1001, text: 1000 })
    tcp.at(1000).sends({ seq: 1, text: 1000, at: 1000 }).at(3000).sends({ seq: 1, text: 1000, at: 3000 })
    tcp.at(7000).sends({ seq: 1, text: 1000, at: 7000 }).sendsNothing()
  })

  it('goes on behind the segment that was lost, from one segment in slow start', () => {
    const tcp = established().writes(4000)
    assert.equal(tcp.sentCount(), 4)
    tcp.at(1000).sends({ seq: 1, text: 1000 })
    tcp
      .receives({ ack: 1001 })
      .sends({ seq: 1001, text: 1000 })
      .sends({ seq: 2001, text: 1000 })
      .sendsNothing()
    // The peer had the rest.
    tcp.receives({ ack: 4001 }).sendsNothing()
    assert.equal(tcp.tcb.retransmitAt, NEVER)
  })

  it('does not measure what was sent twice (Karn), and stays backed off until it can measure', () => {
    const tcp = established().writes(1000).sends({ text: 1000 }).at(1000).sends({ text: 1000 })
    tcp.at(1010).receives({ ack: 1001 })
    assert.equal(tcp.tcb.srtt, -1)
    assert.equal(tcp.tcb.rto, 2000)
    tcp.writes(1000).sends({ seq: 1001, text: 1000 }).at(1110).receives({ ack: 2001 })
    const { srtt, rttvar, rto } = tcp.tcb
    assert.deepEqual({ srtt, rttvar, rto }, { srtt: 100_000, rttvar: 50_000, rto: 300 })
  })

  it('gives up after ten retransmissions, more than 100 s later', () => {
    const tcp = established().writes('x').sends({ text: 'x' })
    tcp.tcb.rto = 200
    tcp.tcb.retransmitAt = 200
    tcp.at(1e9)
    assert.equal(tcp.sentCount(), 10)
    tcp.is('gone')
    assert.equal(tcp.tcb.error, 'timed-out')
    assert.ok(tcp.tcb.sentAt > 100_000)
  })
})

describe('slow start and congestion avoidance (RFC 5681, RFC 6928)', () => {
  it('begins with ten segments', () => {
    assert.equal(established({ mss: 1000, window: 60_000 }).writes(60_000).sentCount(), 10)
    assert.equal(established({ mss: 1460, window: 60_000 }).writes(60_000).sentCount(), 10)
    assert.equal(established({ mss: 9000, window: 60_000 }).writes(60_000).sentCount(), 2)
  })

  it('grows by what is acknowledged, whatever acknowledgements that takes (RFC 3465)', () => {
    const tcp = established().writes(60_000)
    tcp.sentCount()
    tcp.receives({ ack: 1001 })
    assert.equal(tcp.sentCount(), 2)
    tcp.receives({ ack: 3001 })
    assert.equal(tcp.sentCount(), 4)
  })

  it('grows by one segment a round trip above ssthresh', () => {
    const tcp = established({ window: 60_000, algorithm: reno })
    tcp.tcb.ssthresh = 10_000
    assert.equal(tcp.writes(60_000).sentCount(), 10)
    for (let i = 1; i <= 9; i++) assert.equal(tcp.receives({ ack: 1 + 1000 * i }).sentCount(), 1)
    assert.equal(tcp.tcb.cwnd, 10_000)
    tcp.receives({ ack: 10_001 })
    assert.equal(tcp.tcb.cwnd, 11_000)
    assert.equal(tcp.sentCount(), 2)
  })

  it('does not grow where the application is the limit', () => {
    const tcp = established()
    for (let i = 0; i < 50; i++)
      tcp
        .writes(1000)
        .sends({ text: 1000 })
        .receives({ ack: 1001 + 1000 * i })
    assert.equal(tcp.tcb.cwnd, 10_000)
  })

  it('counts what one acknowledgement of everything was in flight before it', () => {
    const tcp = established().writes(10_000)
    assert.equal(tcp.sentCount(), 10)
    tcp.receives({ ack: 10_001 })
    assert.equal(tcp.tcb.cwnd, 20_000)
  })

  it('does not grow past ssthresh by one acknowledgement of much', () => {
    const tcp = established().writes(10_000)
    tcp.tcb.ssthresh = 12_000
    assert.equal(tcp.sentCount(), 10)
    tcp.receives({ ack: 10_001 })
    assert.equal(tcp.tcb.cwnd, 12_000)
  })

  it('does not begin anew after a short silence', () => {
    const tcp = established()
    tcp.tcb.cwnd = 40_000
    tcp.at(900).writes(60_000)
    assert.equal(tcp.sentCount(), 40)
  })

  it('begins anew after silence for longer than a timeout', () => {
    const tcp = established()
    tcp.tcb.cwnd = 40_000
    tcp.at(5000).writes(60_000)
    assert.equal(tcp.sentCount(), 10)
  })
})

describe('fast retransmit and recovery (RFC 5681, RFC 6582)', () => {
  it('sends new text for the first two duplicates (RFC 3042)', () => {
    const tcp = lossy()
    tcp.receives({ ack: 1 }).sends({ seq: 10_001, text: 1000 }).sendsNothing()
    tcp.receives({ ack: 1 }).sends({ seq: 11_001, text: 1000 }).sendsNothing()
  })

  it('sends the lost segment again at the third duplicate, and halves its window', () => {
    const tcp = recovering()
    const { ssthresh, cwnd } = tcp.tcb
    assert.deepEqual({ ssthresh, cwnd }, { ssthresh: 5000, cwnd: 5000 })
  })

  it('sends new text for further duplicates, when the window lets it', () => {
    const tcp = recovering()
    for (let i = 0; i < 4; i++) tcp.receives({ ack: 1 }).sendsNothing()
    tcp.receives({ ack: 1 }).sends({ seq: 12_001, text: 1000 })
  })

  it('leaves recovery with ssthresh when everything is acknowledged', () => {
    const tcp = recovering()
    tcp.receives({ ack: 12_001 })
    assert.equal(tcp.tcb.cwnd, 2000)
    assert.ok(isIn(tcp.tcb, 'open'))
    assert.equal(tcp.sentCount(), 2)
  })

  it('sends the next hole again at once for a partial acknowledgement', () => {
    const tcp = recovering()
    tcp.receives({ ack: 3001 }).sends({ seq: 3001, text: 1000 })
    tcp.sentCount()
    assert.ok(isIn(tcp.tcb, 'recovery'))
    tcp.receives({ ack: 5001 }).sends({ seq: 5001, text: 1000 })
  })

  it('lets the timer end a recovery from many losses', () => {
    const tcp = recovering().at(100).receives({ ack: 2001 })
    const first = tcp.tcb.retransmitAt
    assert.equal(first, 100 + tcp.tcb.rto)
    tcp.sentCount()
    tcp.at(200).receives({ ack: 3001 })
    tcp.sentCount()
    assert.equal(tcp.tcb.retransmitAt, first)
    tcp.at(first)
    assert.equal(tcp.tcb.cwnd, 1000)
    assert.equal(isIn(tcp.tcb, 'recovery'), false)
  })

  it('does not take the duplicates of its own retransmissions for a loss', () => {
    const tcp = lossy().at(1000).sends({ seq: 1, text: 1000 })
    for (let i = 0; i < 3; i++) tcp.receives({ ack: 1 }).sentCount()
    assert.equal(isIn(tcp.tcb, 'recovery'), false)
  })

  it('forgets a recovery once more than its text is acknowledged', () => {
    const tcp = recovering().receives({ ack: 12_001 })
    tcp.sentCount()
    tcp.receives({ ack: 13_001 })
    assert.equal(tcp.tcb.recovery, undefined)
  })

  it('does not count window updates, text or FINs as duplicates', () => {
    const tcp = lossy()
    tcp
      .receives({ ack: 1, window: 59_000 })
      .receives({ ack: 1, window: 58_000 })
      .receives({ ack: 1, window: 57_000 })
    tcp.receives({ seq: 1, ack: 1, text: 'a' }).receives({ seq: 2, ack: 1, text: 'b' }).sentCount()
    assert.equal(tcp.tcb.recovery, undefined)
  })
})

/** Ten segments are in flight, and more wait. */
function lossy(): Dialogue {
  const tcp = established({ window: 60_000, algorithm: reno }).writes(60_000)
  assert.equal(tcp.sentCount(), 10)
  return tcp
}

/** The first of twelve segments was lost, and went again. */
function recovering(): Dialogue {
  const tcp = lossy().receives({ ack: 1 }).sends({ seq: 10_001, text: 1000 })
  tcp.receives({ ack: 1 }).sends({ seq: 11_001, text: 1000 })
  return tcp.receives({ ack: 1 }).sends({ seq: 1, text: 1000 }).sendsNothing()
}
