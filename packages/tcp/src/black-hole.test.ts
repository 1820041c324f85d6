import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { established } from './testing/dialogue.ts'

describe('a path that swallows whole segments', () => {
  it('gets smaller ones after three timeouts, and whole ones again ten minutes later', () => {
    const tcp = established({ mss: 1460, peerMss: 1460 }).writes(1460).sends({ text: 1460 })
    tcp.at(1000).sends({ text: 1460 }).at(3000).sends({ text: 1460 }).at(7000).sends({ text: 1208 })
    tcp.receives({ ack: 1209 }).sends({ text: 252 }).receives({ ack: 1461 })
    tcp.at(500_000).writes(1460).sends({ text: 1208 }).sends({ text: 252 }).receives({ ack: 2921 })
    tcp.at(700_000).writes(1460).sends({ text: 1460 })
  })

  it('is no reason to shrink what is short', () => {
    const tcp = established({ mss: 1460, peerMss: 1460 }).writes(100).sends({ text: 100 }).at(60_000)
    tcp.sentCount()
    assert.equal(tcp.tcb.snd.mss, 1460)
  })
})

describe('the user timeout (RFC 5482)', () => {
  it('ends a connection after its time without an acknowledgement, and not before', () => {
    const tcp = established()
    tcp.tcb.userTimeout = 5000
    tcp.writes('a').sends({ text: 'a' }).at(4999)
    tcp.sentCount()
    tcp.is('established').at(5000).is('gone')
    assert.equal(tcp.tcb.error, 'timed-out')
  })

  it('counts from the last progress, and may be longer than ten retransmissions', () => {
    const tcp = established()
    tcp.tcb.userTimeout = 3_000_000
    tcp.writes('ab').sends({ text: 'ab' }).at(500).receives({ ack: 2 }).at(2_999_000)
    tcp.sentCount()
    tcp.is('established').at(3_000_500).is('gone')
  })

  it('counts while a window is closed, though the peer answers every probe', () => {
    const tcp = established()
    tcp.tcb.userTimeout = 10_000
    tcp.receives({ ack: 1, window: 0 }).writes('ab')
    for (const at of [1000, 2000, 4000, 8000])
      tcp.at(at).sends({ seq: 1, text: 'a' }).receives({ ack: 1, window: 0 })
    tcp.at(9999).is('established').at(10_000).is('gone')
    assert.equal(tcp.tcb.error, 'timed-out')
  })

  it('begins anew when the window opens', () => {
    const tcp = established()
    tcp.tcb.userTimeout = 10_000
    tcp.receives({ ack: 1, window: 0 }).writes('ab').at(1000).sends({ seq: 1, text: 'a' })
    tcp.at(1500).receives({ ack: 1, window: 1000 }).sends({ seq: 1, text: 'ab' }).at(11_499)
    tcp.sentCount()
    tcp.is('established').at(11_500).is('gone')
  })
})
