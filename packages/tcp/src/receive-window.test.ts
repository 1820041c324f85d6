import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SIZE_START } from './receive-window.ts'
import { type Dialogue, answers } from './testing/dialogue.ts'

/** A connection over a path of `rtt` whose window may grow to 2 MiB. */
function far(rtt: number): Dialogue {
  const tcp = answers({ receiveSize: 1 << 21 }, { scale: 5 }).sends({ syn: true })
  return tcp.at(rtt).receives({ seq: 1, ack: 1 }).is('established')
}

/** How a peer sends. */
interface Pouring {
  /** Text of one segment, at most. */
  readonly textMax?: number
  readonly isRead?: boolean
}

/** Sends a quarter of the window, and then more of it in each of some steps of `pause`; the application reads it all. */
function pour(
  tcp: Dialogue,
  steps: number,
  pause: number,
  { textMax = 1_000_000, isRead = true }: Pouring = {},
): void {
  for (let i = 0; i < steps; i++) {
    tcp.at(tcp.now + pause)
    for (let left = (tcp.tcb.rcv.size >> 2) - 1000; left > 0; left -= textMax) {
      tcp.receives({ ack: 1, text: Math.min(left, textMax) })
      if (isRead) tcp.readsAll()
      tcp.sentCount()
    }
  }
}

describe('our window', () => {
  it('grows where a peer uses all of it within a round trip', () => {
    const tcp = far(100)
    pour(tcp, 40, 25)
    assert.equal(tcp.tcb.rcv.size, 1 << 21)
  })

  it('grows also where we have no more to send, and the peer has', () => {
    const tcp = far(100).shutsDown()
    tcp.sends({ fin: true }).receives({ seq: 1, ack: 2 }).is('fin-wait-2')
    for (let i = 0; i < 40; i++) {
      tcp
        .at(tcp.now + 25)
        .receives({ ack: 2, text: (tcp.tcb.rcv.size >> 2) - 1000 })
        .readsAll()
      tcp.sentCount()
    }
    assert.equal(tcp.tcb.rcv.size, 1 << 21)
  })

  it('stays where the path is slower than that', () => {
    const tcp = far(100)
    pour(tcp, 40, 100)
    assert.equal(tcp.tcb.rcv.size, SIZE_START)
  })

  it('stays where the path is so short that it is enough', () => {
    const tcp = far(0.2)
    pour(tcp, 40, 0.05, { textMax: 1460 })
    assert.equal(tcp.tcb.rcv.size, SIZE_START)
  })

  it('grows even there until it holds many of the segments that arrive', () => {
    const tcp = far(0.2)
    pour(tcp, 40, 0.05, { textMax: 30_000 })
    assert.equal(tcp.tcb.rcv.size, 4 * SIZE_START)
  })

  it('stays where the application does not read', () => {
    const tcp = far(100)
    pour(tcp, 3, 25, { isRead: false })
    assert.equal(tcp.tcb.rcv.size, SIZE_START)
  })
})
