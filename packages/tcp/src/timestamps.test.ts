import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answers, established, opens } from './testing/dialogue.ts'

describe('timestamps (RFC 7323)', () => {
  it('are offered, and used where both ends offered them', () => {
    const tcp = opens({ iss: 100 }).sends({ syn: true, stamps: [100, 0], sackPermitted: true })
    tcp.at(7).receives({ syn: true, seq: 500, ack: 101, mss: 1000, stamps: [9, 100] })
    tcp.sends({ ack: 501, stamps: [107, 9] })
    // The MSS says what is left without options: RFC 9293 §3.7.1.
    tcp
      .writes(2000)
      .sends({ text: 988, stamps: [107, 9] })
      .sends({ text: 988 })
      .sends({ text: 24 })
  })

  it('are left out where the peer does not offer them', () => {
    answers({}).sends({ syn: true, stamps: undefined, sackPermitted: false })
    const tcp = opens().sends({ syn: true }).receives({ syn: true, ack: 1, mss: 1000 })
    tcp.sends({ stamps: undefined }).writes(1000).sends({ text: 1000, stamps: undefined })
  })

  it('echo what the acknowledged text said, not what came later out of order (§4.3)', () => {
    const tcp = established({ clock: 5 })
    tcp.receives({ seq: 1001, ack: 1, text: 1000, stamps: [7, 0] }).sends({ ack: 1, stamps: [0, 5] })
    tcp.receives({ seq: 1, ack: 1, text: 1000, stamps: [6, 0] }).sends({ ack: 2001, stamps: [0, 6] })
  })

  it('believe nothing of what is older, not even its acknowledgement: that, too, may be of another turn (§5.3)', () => {
    const tcp = established({ clock: 5 }).writes(500).sends({ text: 500 })
    tcp
      .receives({ seq: 1, ack: 1, text: 100, stamps: [9, 0] })
      .at(50)
      .sends({ ack: 101 })
    tcp.receives({ seq: 1, ack: 501, text: 100, stamps: [4, 0] }).sends({ ack: 101 })
    assert.equal(tcp.tcb.snd.una, 1)
  })

  it('refuse text that is older than what arrived, and acknowledge it again (PAWS)', () => {
    const tcp = established({ clock: 50 }).receives({ ack: 1, text: 'new', stamps: [60, 0] })
    tcp.at(40).sends({ ack: 4 })
    tcp.receives({ seq: 4, ack: 1, text: 'old', stamps: [59, 0] }).sends({ ack: 4 })
    tcp.receives({ seq: 4, ack: 1, rst: true, stamps: [59, 0] }).is('gone')
  })

  it('go around, and do not refuse a peer that was silent for longer than its clock takes', () => {
    const tcp = established({ clock: 0x7fff_ffff }).receives({ ack: 1, text: 'a', stamps: [-0x8000_0000, 0] })
    tcp
      .at(40)
      .sends({ ack: 2 })
      .at(25 * 86_400_000)
    tcp.receives({ ack: 1, text: 'b', stamps: [0x7fff_0000, 0] }).reads('ab')
  })

  it('measure also what was sent twice, so that the timeout returns (§4.1)', () => {
    const tcp = established({ clock: 5 }).writes(500).sends({ text: 500 }).at(1000).sends({ text: 500 })
    assert.equal(tcp.tcb.rto, 2000)
    tcp.at(1100).receives({ ack: 501, stamps: [6, 1000] })
    assert.deepEqual([tcp.tcb.srtt, tcp.tcb.rto], [100_000, 300])
  })

  it('undo what a timeout did where the answer is to what was sent before it (RFC 3522)', () => {
    const tcp = established({ iss: 100, clock: 5, window: 60_000 }).writes(60_000)
    assert.equal(tcp.sentCount(), 10)
    tcp.at(1000).sends({ seq: 101, text: 988 })
    assert.equal(tcp.tcb.cwnd, 988)
    tcp.at(1200).receives({ ack: 101 + 988, stamps: [6, 100] })
    // Slow start goes on where it was.
    assert.equal(tcp.tcb.cwnd, 9880 + 988)
    tcp
      .sends({ seq: 101 + 9880, text: 988 })
      .sends({ text: 988 })
      .sendsNothing()
  })
})
