import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Ipv4, of } from '@mirage/address/ipv4'
import { BROADCAST, type Mac, ZERO, local } from '@mirage/address/mac'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { ARP, type Ethernet, connect as connectEthernet } from '@mirage/ethernet'
import { pair } from '@mirage/net/pair'
import { type Result, err, ok } from '@mirage/result'
import { type Arp, TICK, WAITERS_MAX, connect } from './arp.ts'
import * as wire from './wire.ts'

const A = of(10, 0, 0, 1)
const B = of(10, 0, 0, 2)

interface Rig {
  readonly a: Arp
  readonly clock: ManualClock
  /** The other end of the link. */
  readonly b: Ethernet
}

/** A resolver and a link to a host that speaks for itself. */
function rig(): Rig {
  const clock = manual()
  const cable = pair({ clock })
  return { a: connect({ ethernet: connectEthernet(cable.a), clock }), b: connectEthernet(cable.b), clock }
}

/** Two resolvers that know nothing of each other. */
function hosts(): Rig & { peer: Arp } {
  const { a, b, clock } = rig()
  const peer = connect({ ethernet: b, clock })
  a.add(A)
  peer.add(B)
  clock.advance(0)
  return { a, b, clock, peer }
}

/** The packets that arrive at `ethernet`, and what they were sent to. */
function heard(ethernet: Ethernet): { to: Mac; packet: wire.Arp }[] {
  const packets: { to: Mac; packet: wire.Arp }[] = []
  ethernet.listen(ARP, (frame, offset, _src, to) => {
    const parsed = wire.parse(frame, offset)
    assert.ok(parsed.ok)
    packets.push({ to, packet: parsed.value })
  })
  return packets
}

function send(ethernet: Ethernet, to: Mac, packet: wire.Arp): void {
  ethernet.writeAt(to, ARP, wire.SIZE, (frame, offset) => {
    wire.emit(frame, offset, packet)
    return wire.SIZE
  })
}

function announcement(ip: Ipv4, srcMac: Mac): wire.Arp {
  return { operation: 'request', srcMac, srcIp: ip, dstMac: ZERO, dstIp: ip }
}

function reply(srcIp: Ipv4, srcMac: Mac): wire.Arp {
  return { operation: 'reply', srcMac, srcIp, dstMac: local(1), dstIp: A }
}

/** What became of `promise` so far. */
async function stateOf(promise: Promise<Result<Mac, 'timeout'>>): Promise<unknown> {
  return Promise.race([promise, Promise.resolve('pending')])
}

describe('arp on a link', () => {
  it('resolves a neighbour, which answers to the asker alone', async () => {
    const { a, clock, peer } = hosts()
    const answer = a.query(B)
    assert.equal(a.lookup(B), undefined)
    clock.advance(0)
    assert.deepEqual(await answer, ok(local(2)))
    assert.equal(a.lookup(B), local(2))
    assert.equal(peer.lookup(A), undefined)
  })

  it('answers a request for an address of its own', () => {
    const { a, b, clock } = rig()
    a.add(A)
    clock.advance(0)
    const packets = heard(b)
    send(b, BROADCAST, { operation: 'request', srcMac: local(2), srcIp: B, dstMac: BROADCAST, dstIp: A })
    clock.advance(0)
    const answer = { operation: 'reply', srcMac: local(1), srcIp: A, dstMac: local(2), dstIp: B }
    assert.deepEqual(packets, [{ to: local(2), packet: answer }])
  })

  it('ignores requests for what it does not own', () => {
    const { a, b, clock } = rig()
    a.add(A)
    clock.advance(0)
    const packets = heard(b)
    send(b, BROADCAST, {
      operation: 'request',
      srcMac: local(2),
      srcIp: B,
      dstMac: BROADCAST,
      dstIp: of(10, 0, 0, 9),
    })
    clock.advance(0)
    assert.deepEqual(packets, [])
  })

  it('ignores nonsense, and counts it', () => {
    const { a, b, clock } = rig()
    a.add(A)
    clock.advance(0)
    const packets = heard(b)
    for (const bytes of [[], [0, 1, 8, 0], Array<number>(28).fill(0xff)]) {
      b.write(BROADCAST, ARP, { size: bytes.length }, (payload) => {
        payload.set(bytes)
        return bytes.length
      })
    }
    clock.advance(0)
    assert.deepEqual(packets, [])
    assert.deepEqual(a.drops, { 'too-short': 2, unhandled: 1, 'bad-operation': 0 })
  })

  it('announces every address that it is given, to everyone', () => {
    const { a, b, clock } = rig()
    const packets = heard(b)
    a.setAddresses([A])
    clock.advance(0)
    assert.deepEqual(packets, [{ to: BROADCAST, packet: announcement(A, local(1)) }])
  })

  it('adds, replaces and removes addresses, and announces only new ones', () => {
    const { a, b, clock } = rig()
    const packets = heard(b)
    assert.deepEqual(a.addresses, [])
    a.setAddresses([A])
    a.add(B)
    assert.deepEqual(a.addresses, [A, B])
    a.setAddresses([B, of(10, 0, 0, 3)])
    assert.deepEqual(a.addresses, [B, of(10, 0, 0, 3)])
    a.remove(B)
    assert.deepEqual(a.addresses, [of(10, 0, 0, 3)])
    a.setAddresses([])
    assert.deepEqual(a.addresses, [])
    clock.advance(0)
    assert.deepEqual(
      packets.map(({ packet }) => packet.srcIp),
      [A, B, of(10, 0, 0, 3)],
    )
  })

  it('hears announcements, and keeps none that it did not ask for', async () => {
    const { a, b, clock } = rig()
    send(b, BROADCAST, announcement(B, local(2)))
    clock.advance(0)
    assert.equal(a.lookup(B), undefined)
    const answer = a.query(B)
    send(b, BROADCAST, announcement(B, local(2)))
    clock.advance(0)
    assert.deepEqual(await answer, ok(local(2)))
  })

  it('keeps no reply that it did not ask for', () => {
    const { a, b, clock } = rig()
    send(b, local(1), reply(B, local(2)))
    clock.advance(0)
    assert.equal(a.lookup(B), undefined)
  })

  it('lets one reply answer everybody who waits', async () => {
    const { a, b, clock } = rig()
    const packets = heard(b)
    const answers = [a.query(B), a.query(B), a.query(B)]
    clock.advance(0)
    assert.equal(packets.length, 1)
    assert.equal(await stateOf(answers[0]!), 'pending')
    send(b, local(1), reply(B, local(2)))
    clock.advance(0)
    assert.deepEqual(await Promise.all(answers), [ok(local(2)), ok(local(2)), ok(local(2))])
  })

  it('replaces what it knows by what is new', async () => {
    const { a, b, clock } = rig()
    const answer = a.query(B)
    send(b, local(1), reply(B, local(2)))
    clock.advance(0)
    await answer
    const before = a.version
    send(b, BROADCAST, announcement(B, local(7)))
    clock.advance(0)
    assert.equal(a.lookup(B), local(7))
    assert.notEqual(a.version, before)
  })

  it('forgets after twenty minutes, and asks once more just before', async () => {
    const { a, b, clock } = rig()
    const answer = a.query(B)
    send(b, local(1), reply(B, local(2)))
    clock.advance(0)
    await answer
    const packets = heard(b)
    clock.advance(800 * TICK - 1)
    assert.equal(packets.length, 0)
    assert.equal(a.lookup(B), local(2))
    clock.advance(1)
    assert.equal(packets.length, 1)
    clock.advance(TICK)
    assert.equal(a.lookup(B), undefined)
    assert.equal(clock.pending, 0)
  })

  it('remembers for as long as its question is answered', async () => {
    const { a, clock } = hosts()
    const answer = a.query(B)
    clock.advance(0)
    await answer
    clock.advance(10 * 800 * TICK)
    assert.equal(a.lookup(B), local(2))
  })

  it('asks six times, 1.5 s apart, before it gives up an address that nobody has', async () => {
    const { a, b, clock } = rig()
    const packets = heard(b)
    const answer = a.query(B)
    clock.advance(9000 - 1)
    assert.equal(packets.length, 6)
    assert.equal(await stateOf(answer), 'pending')
    clock.advance(1)
    assert.deepEqual(await answer, err('timeout'))
    assert.equal(packets.length, 6)
    assert.equal(clock.pending, 0)
  })

  it('resolves at the third request when two were lost', async () => {
    const { a, b, clock } = rig()
    const packets = heard(b)
    const answer = a.query(B)
    clock.advance(2 * TICK)
    assert.equal(packets.length, 3)
    send(b, local(1), reply(B, local(2)))
    clock.advance(0)
    assert.deepEqual(await answer, ok(local(2)))
  })

  it('answers at once what it was told', async () => {
    const { a, b } = rig()
    const packets = heard(b)
    a.static(B, local(5))
    assert.equal(a.lookup(B), local(5))
    assert.deepEqual(await a.query(B), ok(local(5)))
    assert.deepEqual(packets, [])
  })

  it('tells who claims an address of ours', () => {
    const { a, b, clock } = rig()
    const conflicts: unknown[] = []
    a.onConflict((ip, mac) => conflicts.push([ip, mac]))
    a.add(A)
    send(b, BROADCAST, announcement(A, local(2)))
    clock.advance(0)
    assert.deepEqual(conflicts, [[A, local(2)]])
    assert.equal(a.lookup(A), local(1))
  })

  it('lets no more wait for an address than its limit', async () => {
    const { a } = rig()
    for (let i = 0; i < WAITERS_MAX; i++) void a.query(B)
    assert.deepEqual(await a.query(B), err('timeout'))
  })

  it('ends every query when it is disconnected, and is silent from then on', async () => {
    const { a, b, clock } = rig()
    a.add(A)
    const answer = a.query(B)
    a.disconnect()
    a.disconnect()
    assert.deepEqual(await answer, err('timeout'))
    assert.deepEqual(await a.query(B), err('timeout'))
    clock.advance(0)
    assert.equal(clock.pending, 0)
    const packets = heard(b)
    send(b, BROADCAST, { operation: 'request', srcMac: local(2), srcIp: B, dstMac: BROADCAST, dstIp: A })
    clock.advance(TICK)
    assert.deepEqual(packets, [])
  })
})
