import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { established } from './testing/dialogue.ts'

describe('closing a connection', () => {
  it('closes first: FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT, and is gone after two lifetimes', () => {
    established()
      .closes()
      .is('fin-wait-1')
      .sends({ fin: true, seq: 1, ack: 1 })
      .receives({ seq: 1, ack: 2 })
      .is('fin-wait-2')
      .receives({ fin: true, seq: 1, ack: 2 })
      .is('time-wait')
      .sends({ seq: 2, ack: 2 })
      .at(59_999)
      .is('time-wait')
      .at(60_000)
      .is('gone')
      .sendsNothing()
  })

  it('closes second: CLOSE-WAIT, LAST-ACK', () => {
    established()
      .receives({ fin: true, seq: 1, ack: 1 })
      .is('close-wait')
      .sends({ seq: 1, ack: 2 })
      .hasEnded()
      .closes()
      .is('last-ack')
      .sends({ fin: true, seq: 1, ack: 2 })
      .receives({ seq: 2, ack: 2 })
      .is('gone')
  })

  it('closes at both ends at once: CLOSING, TIME-WAIT', () => {
    established()
      .closes()
      .sends({ fin: true, seq: 1 })
      .receives({ fin: true, seq: 1, ack: 1 })
      .is('closing')
      .sends({ seq: 2, ack: 2 })
      .receives({ seq: 2, ack: 2 })
      .is('time-wait')
      .at(60_000)
      .is('gone')
  })

  it('closes at both ends at once, and the peer answers with a reset', () => {
    established()
      .closes()
      .sends({ fin: true, seq: 1 })
      .receives({ fin: true, seq: 1, ack: 1 })
      .sends({ ack: 2 })
      .receives({ rst: true, seq: 2 })
      .is('gone')
  })

  it('goes from FIN-WAIT-1 to TIME-WAIT by a FIN that acknowledges ours', () => {
    established()
      .closes()
      .sends({ fin: true })
      .receives({ fin: true, seq: 1, ack: 2 })
      .is('time-wait')
      .sends({ seq: 2, ack: 2 })
  })

  it('sends the FIN with the last text, once all of it may go', () => {
    const tcp = established({ window: 1500 }).writes(2000).sends({ text: 1000 }).shutsDown().sendsNothing()
    tcp.receives({ ack: 1001, window: 2000 }).sends({ seq: 1001, text: 1000, fin: true })
  })

  it('sends its FIN again until it is acknowledged', () => {
    established()
      .closes()
      .sends({ fin: true })
      .at(1000)
      .sends({ fin: true, seq: 1, at: 1000 })
      .is('fin-wait-1')
  })

  it('reads on after shutdown, for as long as the peer writes', () => {
    established()
      .shutsDown()
      .sends({ fin: true })
      .receives({ seq: 1, ack: 2, text: 'still' })
      .reads('still')
      .at(3_600_000)
      .sends({ ack: 6, at: 40 })
      .is('fin-wait-2')
      .receives({ seq: 6, ack: 2, text: 'here' })
      .reads('here')
  })

  it('waits a minute for the peer to finish, once the application has left', () => {
    established()
      .closes()
      .sends({ fin: true })
      .at(100)
      .receives({ ack: 2 })
      .at(60_099)
      .is('fin-wait-2')
      .at(60_100)
      .is('gone')
      .sendsNothing()
  })

  it('acknowledges a FIN that comes again in TIME-WAIT, and waits anew', () => {
    established()
      .closes()
      .sends({ fin: true })
      .receives({ fin: true, seq: 1, ack: 2 })
      .sends({ ack: 2 })
      .at(30_000)
      .receives({ fin: true, seq: 1, ack: 2 })
      .sends({ seq: 2, ack: 2, at: 30_000 })
      .at(89_999)
      .is('time-wait')
      .at(90_000)
      .is('gone')
  })

  it('takes a FIN that came before its turn when the text before it has come', () => {
    established()
      .receives({ seq: 5, ack: 1, text: 'efgh', fin: true })
      .sends({ ack: 1 })
      .is('established')
      .receives({ seq: 1, ack: 1, text: 'abcd' })
      .sends({ ack: 10 })
      .is('close-wait')
      .reads('abcdefgh')
  })
})

describe('leaving text unread', () => {
  it('resets a peer that sends after close, but not before it has what was written (RFC 1122 §4.2.2.13)', () => {
    const tcp = established().writes('bye').sends({ text: 'bye' }).closes().sends({ fin: true, seq: 4 })
    tcp.receives({ seq: 1, ack: 1, text: 'more' }).is('fin-wait-1').sends({ seq: 5, ack: 5 })
    tcp.receives({ seq: 5, ack: 5 }).sends({ rst: true, seq: 5 }).is('gone')
  })

  it('acknowledges a peer that has left as well, so that neither waits for the other', () => {
    const tcp = established().writes('bye').sends({ text: 'bye' }).closes().sends({ fin: true, seq: 4 })
    tcp.receives({ seq: 3, ack: 1, text: 're', fin: true }).sends({ seq: 5, ack: 1 })
    tcp.receives({ seq: 1, ack: 1, text: 'mo' }).sends({ seq: 5, ack: 3 })
    tcp.receives({ seq: 3, ack: 1, text: 're', fin: true }).sends({ seq: 5, ack: 6 }).is('closing')
    tcp.receives({ seq: 6, ack: 5 }).is('time-wait')
  })

  it('resets at once where everything was delivered', () => {
    established()
      .closes()
      .sends({ fin: true })
      .receives({ ack: 2 })
      .is('fin-wait-2')
      .receives({ seq: 1, ack: 2, text: 'x' })
      .sends({ rst: true, seq: 2 })
      .is('gone')
  })

  it('resets after close with unread text', () => {
    const tcp = established().receives({ seq: 1, ack: 1, text: 'unread' }).closes()
    tcp.sends({ fin: true, seq: 1, ack: 7 }).receives({ seq: 7, ack: 2 }).sends({ rst: true }).is('gone')
  })

  it('resets when the application leaves a half-closed connection with text unread', () => {
    const tcp = established().shutsDown().sends({ fin: true }).receives({ seq: 1, ack: 2, text: 'unread' })
    tcp.closes().sends({ rst: true, seq: 2 }).is('gone')
  })
})

describe('aborting a connection', () => {
  it('resets the peer and is gone', () => {
    established().writes('lost').sends({ text: 'lost' }).aborts().sends({ rst: true, seq: 5 }).is('gone')
  })

  it('says nothing in TIME-WAIT', () => {
    const tcp = established()
      .closes()
      .sends({ fin: true })
      .receives({ fin: true, seq: 1, ack: 2 })
      .sends({ ack: 2 })
    tcp.aborts().sendsNothing().is('gone')
  })

  it('tells the application why it ended', () => {
    const tcp = established().receives({ rst: true, seq: 1 })
    assert.equal(tcp.tcb.error, 'reset')
  })
})
