import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answers, established } from './testing/dialogue.ts'

describe('which segments are acceptable (RFC 9293 §3.10.7.4, step 1)', () => {
  const window = 100
  const rows: [what: string, seq: number, text: number, taken: number][] = [
    ['text at the next number', 1, 10, 10],
    ['text as long as the window', 1, 100, 100],
    ['text longer than the window, up to its end', 1, 150, 100],
    ['text that was there before', -9, 10, 0],
    ['the new part of text that begins before', -4, 10, 5],
    ['text of which only the last byte is new', -8, 10, 1],
    ['text just behind the window', 101, 10, 0],
    ['text far away', 0x4000_0000, 10, 0],
  ]
  for (const [what, seq, text, taken] of rows) {
    it(`takes ${taken} bytes of ${what}`, () => {
      const tcp = established({ receiveSize: window }).receives({ seq, ack: 1, text })
      // What is refused is answered; what is taken, and leaves room, is answered later.
      assert.equal(tcp.sentCount(), taken === 0 || taken === window ? 1 : 0)
      assert.equal(tcp.tcb.rcv.ready.length, taken)
      assert.equal(tcp.tcb.rcv.nxt, 1 + taken)
    })
  }

  it('answers text that it has with what it waits for (data repeated ack)', () => {
    const tcp = established()
      .receives({ seq: 1, ack: 1, text: 'abcd' })
      .reads('abcd')
      .at(100)
      .sends({ ack: 5 })
    for (let i = 0; i < 3; i++) tcp.receives({ seq: 1, ack: 1, text: 'abcd' }).sends({ ack: 5, at: 100 })
  })

  it('takes text across the wrap of sequence numbers', () => {
    const irs = 0xffff_fffd
    const tcp = established({ irs }).receives({ seq: 0xffff_fffe, ack: 1, text: 'abcdef' })
    tcp.reads('abcdef').at(40).sends({ ack: 4 })
  })

  it('takes of text that begins before what is new', () => {
    established()
      .receives({ seq: 1, ack: 1, text: 'abc' })
      .receives({ seq: 2, ack: 1, text: 'bcdef' })
      .reads('abcdef')
  })

  it('believes no acknowledgement of what was never sent, or from far away, beside text that it has', () => {
    const tcp = established().receives({ seq: 1, ack: 1, text: 'abcd' }).at(40).sends({ ack: 5 })
    tcp.writes('out').sends({ text: 'out' })
    tcp.receives({ seq: 1, ack: 500, text: 'abcd' }).sends({ ack: 5 })
    tcp.receives({ seq: 0x4000_0000, ack: 4, text: 'abcd' }).sends({ ack: 5 })
    tcp.receives({ seq: -0x4000_0000, ack: 4, text: 'abcd' }).sends({ ack: 5 })
    assert.equal(tcp.tcb.snd.una, 1)
  })

  it('drops a segment without an acknowledgement', () => {
    established().receives({ seq: 1, text: 'x' }).reads('').sendsNothing()
  })

  it('takes the acknowledgement of text that it has no room for', () => {
    const tcp = established({ receiveSize: 4 }).writes('out').sends({ text: 'out' })
    tcp.receives({ seq: 1, ack: 1, text: 'abcd' }).sends({ seq: 4, ack: 5, window: 0 })
    tcp.receives({ seq: 5, ack: 4, text: 'e' }).sends({ seq: 4, ack: 5, window: 0 })
    assert.equal(tcp.tcb.snd.una, 4)
  })

  it('takes the acknowledgement of text that it has', () => {
    const tcp = established().receives({ seq: 1, ack: 1, text: 'abcd' }).at(40).sends({ ack: 5 })
    tcp.writes('out').sends({ text: 'out' }).receives({ seq: 1, ack: 4, text: 'abcd' }).sends({ ack: 5 })
    assert.equal(tcp.tcb.snd.una, 4)
  })
})

describe('text out of order', () => {
  it('is answered at once, and read when the hole is filled', () => {
    established()
      .receives({ seq: 4, ack: 1, text: 'def' })
      .sends({ ack: 1, at: 0 })
      .receives({ seq: 10, ack: 1, text: 'jkl' })
      .sends({ ack: 1 })
      .reads('')
      .receives({ seq: 1, ack: 1, text: 'abc' })
      .sends({ ack: 7 })
      .reads('abcdef')
      .receives({ seq: 7, ack: 1, text: 'ghi' })
      .sends({ ack: 13 })
      .reads('ghijkl')
  })

  it('takes text in its turn, also when 128 runs wait behind it', () => {
    const tcp = established()
    for (let i = 0; i < 200; i++) tcp.receives({ seq: 3 + 2 * i, ack: 1, text: 'x' }).sends({ ack: 1 })
    tcp.receives({ seq: 1, ack: 1, text: 'ab' }).sends({ ack: 4 }).reads('abx')
  })
})

describe('blind attacks (RFC 5961)', () => {
  it('is reset by exactly the next number (rst on established)', () => {
    established().receives({ rst: true, seq: 1 }).is('gone').sendsNothing()
  })

  it('challenges a reset elsewhere in the window (blind rst on established)', () => {
    established().at(10).receives({ rst: true, seq: 2 }).sends({ seq: 1, ack: 1 }).is('established')
  })

  it('ignores a reset outside the window', () => {
    established().receives({ rst: true, seq: 70_000 }).is('established').sendsNothing()
    established().receives({ rst: true, seq: 0 }).is('established').sendsNothing()
  })

  it('challenges a SYN, wherever it is (blind syn on established)', () => {
    for (const seq of [0, 1, 500, 0x4000_0000])
      established().receives({ syn: true, seq }).sends({ seq: 1, ack: 1 }).is('established')
  })

  it('lets a peer that has forgotten us reset by what the challenge told it', () => {
    established()
      .receives({ syn: true, seq: 9000 })
      .sends({ ack: 1 })
      .receives({ rst: true, seq: 1 })
      .is('gone')
  })

  it('challenges text whose acknowledgement is of nothing it sent (blind data injection)', () => {
    const tcp = established({ window: 1000 })
    tcp.receives({ seq: 1, ack: 2, text: 'evil' }).sends({ ack: 1 }).reads('')
    tcp.at(1000).receives({ seq: 1, ack: -2000, text: 'evil' }).sends({ ack: 1 }).reads('')
  })

  it('believes an acknowledgement as old as the largest window', () => {
    established({ window: 1000 }).receives({ seq: 1, ack: -999, text: 'good', window: 1000 }).reads('good')
  })

  it('challenges an acknowledgement from the other side of the sequence space, in flight or not', () => {
    const tcp = established()
      .receives({ seq: 1, ack: 1 + 2 ** 31 })
      .sends({ seq: 1, ack: 1 })
    tcp.at(1000).writes('x').sends({ seq: 1, text: 'x' })
    for (const ack of [1 + 2 ** 31, 2 + 2 ** 31]) tcp.receives({ seq: 1, ack }).sentCount()
    assert.deepEqual([tcp.tcb.snd.una, tcp.tcb.snd.queue.length], [1, 1])
  })

  it('challenges twice a second at most', () => {
    const tcp = established()
    tcp.receives({ syn: true, seq: 9000 }).sends({ ack: 1 })
    tcp.at(499).receives({ syn: true, seq: 9000 }).sendsNothing()
    tcp.at(500).receives({ syn: true, seq: 9000 }).sends({ ack: 1 })
  })

  it('does not answer acknowledgements for ever, where both ends disagree', () => {
    const tcp = established()
    tcp.receives({ seq: 0x2000_0000, ack: 1 }).sends({ ack: 1 })
    for (let i = 0; i < 10; i++) tcp.receives({ seq: 0x2000_0000, ack: 1 }).sendsNothing()
  })
})

describe('keep-alive', () => {
  const keepAlive = { after: 10_000, interval: 1000, probes: 3 }

  it('asks a silent peer, and ends when no answer comes', () => {
    const tcp = established({ keepAlive })
    for (const at of [11_000, 12_000, 13_000]) tcp.at(at).sends({ seq: 0, ack: 1, at })
    tcp.at(14_000).is('gone').sendsNothing()
    assert.equal(tcp.tcb.error, 'timed-out')
  })

  it('begins anew with every answer', () => {
    const tcp = established({ keepAlive }).at(11_000).sends({ seq: 0 })
    tcp.receives({ seq: 1, ack: 1 }).at(21_999).sendsNothing().at(22_000).sends({ seq: 0, at: 22_000 })
  })

  it('waits out what rounding leaves of the silence', () => {
    const tcp = established({ keepAlive })
    tcp.at(10_224.820417232406).receives({ seq: 1, ack: 1 })
    tcp.at(21_224).sendsNothing().at(21_226).sends({ seq: 0, ack: 1 })
  })

  it('answers a probe of the peer', () => {
    established().at(5000).receives({ seq: 0, ack: 1 }).sends({ seq: 1, ack: 1, at: 5000 })
  })

  it('is off unless asked for', () => {
    established().at(1e9).is('established').sendsNothing()
    answers().sends({ syn: true })
  })
})
