import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as user from './user.ts'
import { type Dialogue, established } from './testing/dialogue.ts'

/** The first two segments of 1000 bytes change places. */
function swapped(tcp: Dialogue): Dialogue {
  tcp.receives({ seq: 1001, ack: 1, text: 1000 }).sends({ ack: 1 })
  return tcp.receives({ seq: 1, ack: 1, text: 1000 }).sends({ ack: 2001 })
}

/** 2000 bytes arrive, not simply one after the other. */
const disturbances: readonly (readonly [string, (tcp: Dialogue) => Dialogue])[] = [
  ['a hole was closed', swapped],
  [
    'a segment came twice',
    (tcp) => {
      tcp.receives({ seq: 1, ack: 1, text: 2000 }).sends({ ack: 2001 })
      return tcp.receives({ seq: 1, ack: 1, text: 2000 }).sends({ ack: 2001 })
    },
  ],
]

describe('acknowledgements (RFC 9293 §3.8.6.3, RFC 5681 §4.2)', () => {
  it('waits 40 ms with one for text to go with', () => {
    established()
      .receives({ seq: 1, ack: 1, text: 'abc' })
      .at(39)
      .sendsNothing()
      .at(40)
      .sends({ ack: 4, at: 40 })
  })

  it('goes with text that is written in the meantime', () => {
    const tcp = established().receives({ seq: 1, ack: 1, text: 'abc' }).at(10)
    tcp.writes('answer').sends({ text: 'answer', ack: 4 }).at(100).sendsNothing()
  })

  it('acknowledges every second full-sized segment at once', () => {
    const tcp = established()
    tcp.receives({ seq: 1, ack: 1, text: 1000 }).sendsNothing()
    tcp.receives({ seq: 1001, ack: 1, text: 1000 }).sends({ ack: 2001, at: 0 })
    tcp.receives({ seq: 2001, ack: 1, text: 1000 }).sendsNothing()
  })

  it('acknowledges in one what arrives in one turn, but no more than a quarter of the window', () => {
    const tcp = established({ receiveSize: 40_000 })
    tcp.during(() => {
      for (let i = 0; i < 9; i++) tcp.receives({ seq: 1 + 1000 * i, ack: 1, text: 1000 }).sendsNothing()
    })
    tcp.sends({ ack: 9001, at: 0 })
    tcp.during(() => {
      for (let i = 9; i < 19; i++) tcp.receives({ seq: 1 + 1000 * i, ack: 1, text: 1000 })
    })
    tcp.sends({ ack: 19_001, at: 0 }).sendsNothing()
  })

  it('acknowledges at once when a hole is filled, even in part', () => {
    established()
      .receives({ seq: 1001, ack: 1, text: 1000 })
      .sends({ ack: 1 })
      .receives({ seq: 1, ack: 1, text: 500 })
      .sends({ ack: 501 })
      .receives({ seq: 501, ack: 1, text: 500 })
      .sends({ ack: 2001 })
  })

  for (const sackPermitted of [true, false]) {
    describe(`after a disturbance, ${sackPermitted ? 'with' : 'without'} blocks`, () => {
      for (const [what, disturbed] of disturbances) {
        it(`acknowledges 16 segments at once, where ${what}`, () => {
          const tcp = disturbed(established({ sackPermitted }))
          for (let i = 0; i < 16; i++)
            tcp.receives({ seq: 2001 + 100 * i, ack: 1, text: 100 }).sends({ ack: 2101 + 100 * i, sacks: [] })
          assert.equal(tcp.tcb.rcv.holes, undefined)
          tcp
            .receives({ seq: 3601, ack: 1, text: 100 })
            .at(39)
            .sendsNothing()
            .at(40)
            .sends({ ack: 3701, at: 40 })
        })
      }

      it('acknowledges in one what arrives in one turn, with the answer if that is written in it', () => {
        const tcp = swapped(established({ sackPermitted }))
        tcp.during(() => tcp.receives({ seq: 2001, ack: 1, text: 100 }).receives({ ack: 1, text: 100 }))
        tcp.sends({ ack: 2201 })
        tcp.during(() => tcp.receives({ ack: 1, text: 'ask' }).writes('answer'))
        tcp.sends({ text: 'answer', ack: 2204 }).at(100).sendsNothing()
      })

      it('counts segments with text alone, while it sends itself', () => {
        const tcp = swapped(established({ sackPermitted }))
        for (let i = 0; i < 20; i++)
          tcp
            .writes(100)
            .sends({ text: 100, ack: 2001 })
            .receives({ seq: 2001, ack: 101 + 100 * i })
        for (let i = 0; i < 16; i++)
          tcp
            .receives({ seq: 2001 + 100 * i, ack: 2001, text: 100 })
            .sends({ ack: 2101 + 100 * i, sacks: [] })
        assert.equal(tcp.tcb.rcv.holes, undefined)
      })

      it('acknowledges no more than a quarter of the window in one', () => {
        const tcp = swapped(established({ sackPermitted, receiveSize: 40_000 }))
        tcp.during(() => {
          for (let i = 2; i < 12; i++) tcp.receives({ seq: 1 + 1000 * i, ack: 1, text: 1000 })
          tcp.sends({ ack: 12_001 })
        })
      })
    })
  }

  it('acknowledges a FIN at once', () => {
    established().receives({ seq: 1, ack: 1, text: 'bye', fin: true }).sends({ ack: 5, at: 0 })
  })
})

describe("Nagle's algorithm (RFC 9293 §3.7.4)", () => {
  it('sends a short segment at once where nothing is in flight', () => {
    established().writes('a').sends({ seq: 1, text: 'a' })
  })

  it('holds a short segment back while something is in flight, and sends it with what follows', () => {
    const tcp = established()
      .writes('a')
      .sends({ text: 'a' })
      .writes('b')
      .sendsNothing()
      .writes('c')
      .sendsNothing()
    tcp.receives({ ack: 2 }).sends({ seq: 2, text: 'bc' })
  })

  it('never holds back a full segment', () => {
    established().writes('a').sends({ text: 'a' }).writes(1500).sends({ seq: 2, text: 1000 }).sendsNothing()
  })

  it('does not hold back what is written without delay, nor what was written before it', () => {
    const tcp = established().writes('a').sends({ text: 'a' }).writes('b').sendsNothing()
    tcp.writesNodelay('c').sends({ seq: 2, text: 'bc' }).writes('d').sendsNothing()
  })

  it('holds a short segment back also gigabytes after what was written without delay', () => {
    const tcp = established()
    tcp.tcb.snd.urgentTo = (501 - 2 ** 31) | 0
    for (const length of [100, 1000]) {
      tcp.writes(length).sends({ text: length })
      tcp.receives({ ack: tcp.tcb.snd.max })
    }
    tcp.writes('a').sends({ text: 'a' }).writes('b').sendsNothing()
  })

  it('holds a short segment back also where it would fill half of a small window', () => {
    established({ window: 600 }).writes(100).sends({ text: 100 }).writes(350).sendsNothing()
  })

  it('sends the end of a long write with it, but no more of that kind before it is acknowledged', () => {
    const tcp = established().writes(1500).sends({ text: 1000 }).sends({ seq: 1001, text: 500 })
    tcp.writes(500).sendsNothing().writes(1400)
    tcp.sends({ seq: 1501, text: 1000 }).sendsNothing()
    tcp.receives({ ack: 1501 }).sends({ seq: 2501, text: 900 })
  })

  it('sends the rest when the application finishes', () => {
    established()
      .writes('a')
      .sends({ text: 'a' })
      .writes('b')
      .shutsDown()
      .sends({ seq: 2, text: 'b', fin: true })
  })
})

describe('many segments as one', () => {
  it('are as much text as the windows take, in whole segments', () => {
    const tcp = established({ segmentMax: 60_000 }).writes(30_500)
    tcp.sends({ seq: 1, text: 10_000, segmentSize: 1000 }).sendsNothing()
    tcp.receives({ ack: 10_001, window: 4700 }).sends({ seq: 10_001, text: 4000 }).sendsNothing()
    tcp.receives({ ack: 14_001, window: 65_535 }).sends({ seq: 14_001, text: 16_500 })
  })

  it('are no more than may leave as one, which need not be a whole number of segments', () => {
    const tcp = established({ segmentMax: 3500 }).writes(8200)
    tcp.sends({ seq: 1, text: 3000 }).sends({ seq: 3001, text: 3000 }).sends({ seq: 6001, text: 2200 })
  })

  it('hold their short end back, not themselves, for what is in flight', () => {
    const tcp = established({ segmentMax: 60_000 }).writes('a').sends({ text: 'a' }).writes(5500)
    tcp.sends({ seq: 2, text: 5000 }).sendsNothing()
    tcp.shutsDown().sends({ seq: 5002, text: 500, fin: true })
  })

  it('arrive as one as well, and say nothing about the size of segments', () => {
    const tcp = established().receives({ seq: 1, ack: 1, text: 9000 }).sends({ ack: 9001, at: 0 })
    tcp.receives({ seq: 9001, ack: 1, text: 1000 }).sendsNothing()
    tcp.receives({ seq: 10_001, ack: 1, text: 1000 }).sends({ ack: 11_001, at: 0 })
  })
})

describe("the peer's window", () => {
  it('is not exceeded', () => {
    const tcp = established({ window: 2000 })
      .writes(5000)
      .sends({ text: 1000 })
      .sends({ seq: 1001, text: 1000 })
    tcp.sendsNothing().receives({ ack: 1001, window: 2000 }).sends({ seq: 2001, text: 1000 }).sendsNothing()
  })

  it('is taken from the newest segment only', () => {
    const tcp = established({ window: 1000 }).writes(3000).sends({ text: 1000 })
    tcp.receives({ seq: 1, ack: 1001, window: 0 }).sendsNothing()
    // The acknowledgement before, delayed on the way.
    tcp.receives({ seq: 1, ack: 1, window: 5000 }).sendsNothing()
    assert.equal(tcp.tcb.snd.wnd, 0)
  })

  it('is not used in crumbs (silly window, sender)', () => {
    const tcp = established({ window: 4000 }).writes(9000)
    for (let i = 0; i < 4; i++) tcp.sends({ seq: 1 + 1000 * i, text: 1000 })
    tcp.receives({ ack: 4001, window: 100 }).sendsNothing()
    tcp.receives({ ack: 4001, window: 999 }).sendsNothing()
    tcp.receives({ ack: 4001, window: 1000 }).sends({ seq: 4001, text: 1000 })
  })

  it('is used by half of a window that is smaller than a segment', () => {
    const tcp = established({ window: 600 }).writes(2000).sends({ text: 600 })
    tcp
      .receives({ ack: 601, window: 299 })
      .sendsNothing()
      .receives({ ack: 601, window: 300 })
      .sends({ text: 300 })
  })

  it('is filled in crumbs after a while, where it stays small', () => {
    const tcp = established({ window: 4000 }).writes(4000)
    assert.equal(tcp.sentCount(), 4)
    tcp.receives({ ack: 4001, window: 100 }).writes(500).sendsNothing()
    tcp.at(200).sends({ seq: 4001, text: 100, at: 200 })
  })

  it('is probed while it is closed, with one byte and ever longer pauses (§3.8.6.1)', () => {
    const tcp = established({ window: 1000 }).writes(1500).sends({ text: 1000 })
    tcp.receives({ ack: 1001, window: 0 }).sendsNothing()
    for (const at of [200, 400, 800, 1600, 3200]) {
      tcp.at(at).sends({ seq: 1001, text: 1, at })
      tcp.receives({ ack: 1001, window: 0 })
    }
    tcp.receives({ ack: 1001, window: 1000 }).sends({ seq: 1001, text: 500 })
    assert.equal(tcp.tcb.retransmitAt, 3200 + 200, 'what is sent now does not wait at the pace of the probes')
  })

  it('may stay closed for ever, as long as the probes are answered', () => {
    const tcp = established({ window: 3 })
      .writes('abc')
      .sends({ text: 'abc' })
      .receives({ ack: 4, window: 0 })
      .writes('d')
    for (let at = 60_000; at < 86_400_000; at += 60_000) {
      tcp.at(at)
      if (tcp.sentCount() > 0) tcp.receives({ ack: 4, window: 0 })
    }
    tcp.is('established')
  })

  it('is not probed for ever without an answer', () => {
    const tcp = established({ window: 3 })
      .writes('abc')
      .sends({ text: 'abc' })
      .receives({ ack: 4, window: 0 })
      .writes('d')
    tcp.at(3_600_000)
    tcp.sentCount()
    tcp.is('gone')
    assert.equal(tcp.tcb.error, 'timed-out')
  })

  it('is not probed for ever once the application has left', () => {
    const tcp = established({ window: 3 })
      .writes('abc')
      .sends({ text: 'abc' })
      .receives({ ack: 4, window: 0 })
    tcp.writes('d').closes()
    for (let at = 1000; at < 3_600_000 && tcp.state !== 'gone'; at += 1000) {
      tcp.at(at)
      if (tcp.sentCount() > 0) tcp.receives({ ack: 4, window: 0 })
    }
    tcp.is('gone')
  })

  it('holds back a FIN as well, and takes it for a probe', () => {
    const tcp = established({ window: 3 })
      .writes('abc')
      .sends({ text: 'abc' })
      .receives({ ack: 4, window: 0 })
    tcp
      .shutsDown()
      .sendsNothing()
      .at(200)
      .sends({ fin: true, seq: 4, at: 200 })
      .receives({ ack: 5, window: 0 })
    tcp.is('fin-wait-2')
  })

  it('may shrink: what is beyond it goes again when it opens', () => {
    const tcp = established({ window: 2000 })
      .writes(2000)
      .sends({ text: 1000 })
      .sends({ seq: 1001, text: 1000 })
    tcp.receives({ ack: 1001, window: 0 }).at(200).sends({ seq: 1001, text: 1, at: 200 })
    tcp.receives({ ack: 1001, window: 2000 }).sends({ seq: 1001, text: 1000 })
  })
})

describe('our window', () => {
  it('closes with what is not read, and is told when it opens', () => {
    const tcp = established({ receiveSize: 2000 })
    tcp.receives({ seq: 1, ack: 1, text: 1000 }).receives({ seq: 1001, ack: 1, text: 1000 })
    tcp.sends({ ack: 2001, window: 0 })
    tcp.readsAll()
    tcp.sends({ ack: 2001, window: 2000 })
  })

  it('answers a probe while it is closed (RFC 9293 §3.8.6.1)', () => {
    const tcp = established({ receiveSize: 4 })
    tcp.at(0).receives({ seq: 1, ack: 1, text: 'abcd' }).sends({ ack: 5, window: 0 })
    tcp.at(200).receives({ seq: 5, ack: 1, text: 'e' }).sends({ ack: 5, window: 0, at: 200 })
    tcp.reads('abcd').sends({ ack: 5, window: 4 })
  })

  it('is told when a quarter of it was read, also where it was never closed', () => {
    const tcp = established({ receiveSize: 40_000 })
    for (let i = 0; i < 12; i++) tcp.receives({ seq: 1 + 1000 * i, ack: 1, text: 1000 }).sentCount()
    tcp.readsAll().sends({ ack: 12_001, window: 40_000 })
    tcp.receives({ seq: 12_001, ack: 1, text: 1000 }).readsAll().sendsNothing()
  })

  it('is closed without answering acknowledgements that carry nothing', () => {
    const tcp = established({ receiveSize: 4 })
      .receives({ seq: 1, ack: 1, text: 'abcd' })
      .sends({ window: 0 })
    tcp.receives({ seq: 5, ack: 1 }).sendsNothing()
    tcp.receives({ seq: 900, ack: 1 }).sends({ ack: 5, window: 0 })
  })

  it('never moves its end back', () => {
    const tcp = established({ receiveSize: 4000 })
    tcp
      .receives({ seq: 1, ack: 1, text: 1000 })
      .receives({ seq: 1001, ack: 1, text: 1000 })
      .sends({ window: 2000 })
    tcp.receives({ seq: 2001, ack: 1, text: 500 }).at(40).sends({ ack: 2501, window: 1500 })
  })

  it('does not open in crumbs (silly window, receiver)', () => {
    const tcp = established({ receiveSize: 4000, mss: 1000 })
    for (let i = 0; i < 4; i++) {
      tcp.receives({ seq: 1 + 1000 * i, ack: 1, text: 1000 })
      tcp.sentCount()
    }
    const { rcv } = tcp.tcb
    assert.equal(rcv.edge, 4001)
    // The application reads 400 bytes: less than a segment, and than half of the window.
    rcv.ready.skip(400)
    tcp.receives({ seq: 4001, ack: 1, text: 1 }).sends({ ack: 4001, window: 0 })
    rcv.ready.skip(600)
    tcp.receives({ seq: 4001, ack: 1, text: 1 }).sends({ ack: 4001, window: 1000 })
  })
})

describe('the send queue', () => {
  it('accepts up to its size, and more when the peer has acknowledged', () => {
    const tcp = established({ sendSize: 1000, window: 500 })
    const bytes = new Uint8Array(1500)
    assert.equal(user.send(tcp.tcb, tcp.stores, bytes, 0, false), 1000)
    assert.equal(user.send(tcp.tcb, tcp.stores, bytes, 1000, false), 0)
    tcp.receives({ ack: 1 }).sends({ text: 500 })
    tcp.receives({ ack: 501 }).sends({ text: 500 })
    assert.equal(user.send(tcp.tcb, tcp.stores, bytes, 1000, false), 500)
  })
})
