import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as receiveWindow from './receive-window.ts'
import { RECEIVE_SIZE_MAX } from './tcb.ts'
import { answers, opens } from './testing/dialogue.ts'
import { rig } from './testing/rig.ts'

describe('opening a connection', () => {
  it('answers the SYN of a peer, and is established by its acknowledgement', () => {
    answers({ iss: 100, irs: 300 })
      .is('syn-received')
      .sends({ syn: true, seq: 100, ack: 301 })
      .receives({ seq: 301, ack: 101 })
      .is('established')
      .sendsNothing()
  })

  it('sends a SYN, and acknowledges the answer', () => {
    opens({ iss: 100 })
      .sends({ syn: true, seq: 100, ack: undefined })
      .is('syn-sent')
      .receives({ syn: true, seq: 300, ack: 101 })
      .is('established')
      .sends({ seq: 101, ack: 301 })
  })

  it('is established at both ends when both open at once (figure 8)', () => {
    opens({ iss: 100 })
      .sends({ syn: true, seq: 100 })
      .receives({ syn: true, seq: 300 })
      .is('syn-received')
      .sends({ syn: true, seq: 100, ack: 301 })
      .receives({ syn: true, seq: 300, ack: 101 })
      .is('established')
  })

  it('is established by a bare acknowledgement after both opened at once', () => {
    opens({ iss: 100 })
      .sends({ syn: true, seq: 100 })
      .receives({ syn: true, seq: 300 })
      .sends({ syn: true, seq: 100, ack: 301 })
      .receives({ seq: 301, ack: 101 })
      .is('established')
  })

  it('takes text that comes with the acknowledgement of the handshake', () => {
    answers()
      .sends({ syn: true })
      .receives({ seq: 1, ack: 1, text: 'hello' })
      .is('established')
      .reads('hello')
  })

  it('offers the MSS of the link and a scale that its window needs', () => {
    opens({ mss: 1460, receiveSize: 262_144 }).sends({ syn: true, mss: 1460, scale: 3, window: 65_535 })
  })

  it('answers with a scale only a peer that offered one', () => {
    const setting = { receiveSize: 1 << 20 }
    answers(setting, { scale: 7 }).sends({ syn: true, scale: 5, window: 65_535 })
    answers(setting, { scale: 0 }).sends({ syn: true, scale: 5, window: 65_535 })
    answers(setting, {}).sends({ syn: true, scale: -1, window: 65_535 })
  })

  it('scales windows only where both said so, and never that of a SYN', () => {
    const scaled = opens({ receiveSize: 1 << 20 }).sends({ syn: true })
    scaled.receives({ syn: true, seq: 0, ack: 1, window: 1000, scale: 4, mss: 1000 })
    scaled.sends({ ack: 1, window: (1 << 18) >> 5 })
    scaled.writes(3000).sends({ text: 1000 }).sendsNothing()
    scaled.receives({ seq: 1, ack: 1001, window: 1000 >> 4 }).sentCount()

    const plain = opens({ receiveSize: 1 << 20 }).sends({ syn: true })
    plain.receives({ syn: true, seq: 0, ack: 1, window: 1000, mss: 1000 }).sends({ ack: 1, window: 65_535 })
  })

  it('has windows up to the largest that the field can say', () => {
    const tcp = opens({ receiveSize: RECEIVE_SIZE_MAX }).sends({ syn: true, scale: 14 })
    tcp.receives({ syn: true, seq: 0, ack: 1, scale: 0 }).sends({ ack: 1, window: (1 << 18) >> 14 })
    tcp.tcb.rcv.size = RECEIVE_SIZE_MAX
    assert.equal(receiveWindow.field(tcp.tcb), 0xffff)
    for (const receiveSize of [0, RECEIVE_SIZE_MAX + 1])
      assert.throws(() => rig({ a: { receiveSize } }), /a receive window has/)
  })

  it('sends segments of 536 bytes to a peer that names no MSS', () => {
    const tcp = opens({ mss: 1460 }).sends({ syn: true })
    tcp.receives({ syn: true, seq: 0, ack: 1 }).sends({ ack: 1 })
    tcp.writes(1072).sends({ seq: 1, text: 536 }).sends({ seq: 537, text: 536 })
  })

  it('sends no more in a segment than the peer or the link takes', () => {
    answersMss(1460, 700, 700)
    answersMss(700, 1460, 700)
  })

  it('sends its SYN again after 1, 2, 4 … s, with its options, and gives up after three minutes', () => {
    const tcp = opens({ mss: 1460, receiveSize: 262_144 }).sends({ syn: true })
    for (const at of [1000, 3000, 7000, 15_000, 31_000, 63_000, 123_000])
      tcp.at(at).sends({ syn: true, seq: 0, at, mss: 1460, scale: 3 })
    tcp.at(182_999).is('syn-sent').at(183_000).is('gone').sendsNothing()
  })

  it('sends its SYN-ACK again with its options, and forgets the peer after a minute', () => {
    const tcp = answers({ mss: 1460, receiveSize: 262_144 }, { scale: 2 }).sends({
      syn: true,
      mss: 1460,
      scale: 3,
    })
    for (const at of [1000, 3000, 7000, 15_000, 31_000])
      tcp.at(at).sends({ syn: true, seq: 0, ack: 1, at, mss: 1460, scale: 3 })
    tcp.at(63_000).is('gone').sendsNothing()
  })

  it('sends its SYN-ACK again at once when the SYN comes again', () => {
    answers({ irs: 300 })
      .sends({ syn: true })
      .at(10)
      .receives({ syn: true, seq: 300 })
      .sends({ syn: true, seq: 0, ack: 301, at: 10 })
  })

  it('begins with three seconds of patience and one segment after a lost SYN', () => {
    const tcp = opens().sends({ syn: true }).at(1000).sends({ syn: true })
    tcp.receives({ syn: true, seq: 0, ack: 1, mss: 1000 }).sends({ ack: 1 })
    tcp
      .writes(3000)
      .sends({ seq: 1, text: 1000 })
      .sendsNothing()
      .at(4000)
      .sends({ seq: 1, text: 1000, at: 4000 })
  })

  it('believes the time that an answer to a SYN took, unless that may have waited here', () => {
    const after = (echo: number): [srtt: number, rto: number] => {
      const tcp = opens().sends({ syn: true }).at(1000).sends({ syn: true }).at(3000).sends({ syn: true })
      tcp.at(3010).receives({ syn: true, seq: 0, ack: 1, mss: 1000, stamps: [9, echo] })
      return [tcp.tcb.srtt, tcp.tcb.rto]
    }
    assert.deepEqual(after(3000), [10_000, 210])
    assert.deepEqual(after(1), [-1, 3000])
  })
})

function answersMss(mss: number, peerMss: number, expected: number): void {
  const tcp = answers({ mss, peerMss }).sends({ syn: true, mss })
  tcp.receives({ seq: 1, ack: 1 }).writes(2000).sends({ seq: 1, text: expected })
}

describe('a connection that is not opened', () => {
  it('is refused by a reset that acknowledges our SYN', () => {
    opens({ iss: 100 })
      .sends({ syn: true })
      .receives({ rst: true, seq: 0, ack: 101 })
      .is('gone')
      .sendsNothing()
  })

  it('is not refused by a reset that guesses (blind reset of syn-sent)', () => {
    const tcp = opens({ iss: 100 }).sends({ syn: true })
    tcp.receives({ rst: true, seq: 0, ack: 102 }).is('syn-sent').sendsNothing()
    tcp.receives({ rst: true, seq: 0 }).is('syn-sent').sendsNothing()
  })

  it('resets the sender of an acknowledgement of something else', () => {
    opens({ iss: 100 })
      .sends({ syn: true })
      .receives({ syn: true, seq: 300, ack: 90 })
      .sends({ rst: true, seq: 90 })
      .is('syn-sent')
    answers({ iss: 100 })
      .sends({ syn: true })
      .receives({ seq: 1, ack: 100 })
      .sends({ rst: true, seq: 100 })
      .receives({ seq: 1, ack: 500 })
      .sends({ rst: true, seq: 500 })
      .is('syn-received')
  })

  it('ignores what is neither SYN nor reset', () => {
    opens({ iss: 100 }).sends({ syn: true }).receives({ seq: 300, ack: 101, text: 'x' }).is('syn-sent')
  })

  it('ends in SYN-RECEIVED by a reset', () => {
    answers({ irs: 300 }).sends({ syn: true }).receives({ rst: true, seq: 301 }).is('gone').sendsNothing()
  })
})
