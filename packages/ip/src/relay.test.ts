import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BROADCAST, of } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import { connect as connectArp } from '@mirage/arp'
import { manual } from '@mirage/clock/manual'
import { IPV4, connect as connectEthernet } from '@mirage/ethernet'
import { pair } from '@mirage/net/pair'
import { seeded } from '@mirage/random/seeded'
import { done } from '@mirage/result'
import { connect } from './ipv4.ts'
import { HOPS_MAX } from './waiting.ts'
import * as wire from './wire.ts'

const A = of(10, 0, 0, 1)
const B = of(10, 0, 0, 2)
const ELSEWHERE = of(192, 0, 2, 1)
const FAR = of(198, 51, 100, 7)

function rig() {
  const clock = manual()
  const cable = pair({ clock })
  const ethernet = connectEthernet(cable.a)
  const arp = connectArp({ ethernet, clock })
  const config = { cidr: { address: A, prefixLength: 24 } }
  const ip = connect({ ethernet, arp, clock, random: seeded(1) }, { config })
  const peer = connectEthernet(cable.b)
  const arrived: number[][] = []
  peer.listen(IPV4, (frame, offset) => arrived.push([...frame.subarray(offset)]))
  /** Sends a packet from the other end of the link. */
  const send = (dst = ELSEWHERE, to: mac.Mac = ethernet.mac, fragmentation = 0): void => {
    peer.write(to, IPV4, { size: 24 }, (packet) => {
      const header = { src: FAR, dst, protocol: 200, ttl: 9, id: 7, fragmentation, trafficClass: 0 }
      wire.emit(packet, 0, header, 24)
      return 24
    })
    clock.advance(0)
  }
  return { clock, arp, ip, peer, arrived, send }
}

const fill = (frame: Uint8Array, offset: number): number => {
  frame.fill(0xab, offset, offset + 30)
  return 30
}

describe('an interception', () => {
  it('sees packets for any host, and fragments as they come', () => {
    const { ip, send } = rig()
    const seen: unknown[] = []
    ip.intercept(({ src, dst, frame, header }) => {
      seen.push([src, dst, wire.isFragment(frame, header)])
      return true
    })
    send()
    send(A)
    send(ELSEWHERE, undefined, wire.MORE_FRAGMENTS)
    assert.deepEqual(seen, [
      [FAR, ELSEWHERE, false],
      [FAR, A, false],
      [FAR, ELSEWHERE, true],
    ])
    assert.equal(ip.drops['not-for-us'], 0)
  })

  it('leaves to the host what it does not take', () => {
    const { ip, send } = rig()
    let received = 0
    ip.listen(200, () => received++)
    ip.intercept(() => false)
    send(A)
    send()
    assert.equal(received, 1)
    assert.equal(ip.drops['not-for-us'], 1)
  })

  it('sees what the link carried to all only if it is for this host, and knows it, and may take it', () => {
    const { ip, send } = rig()
    const seen: boolean[] = []
    let received = 0
    ip.listen(200, () => received++)
    ip.intercept((_, isToGroup) => {
      seen.push(isToGroup)
      return seen.length < 3
    })
    send(ELSEWHERE, mac.BROADCAST)
    send(A, mac.BROADCAST)
    assert.deepEqual([seen, ip.drops['not-for-us']], [[], 2])
    send(A)
    send(BROADCAST, mac.BROADCAST)
    assert.deepEqual([seen, received], [[false, true], 0])
    send(BROADCAST, mac.BROADCAST, wire.MORE_FRAGMENTS)
    send(of(10, 0, 0, 255), mac.BROADCAST)
    assert.deepEqual([seen, received], [[false, true, true, true], 1])
  })
})

describe('a relayed packet', () => {
  it('goes to the neighbour as it is', () => {
    const { ip, arp, peer, arrived, clock } = rig()
    arp.static(B, peer.mac)
    assert.deepEqual(ip.relay(B, 30, fill), done)
    clock.advance(0)
    assert.deepEqual(arrived[0]?.slice(0, 30), Array<number>(30).fill(0xab))
  })

  it('waits for the neighbour, and leaves when it has answered', async () => {
    const { ip, peer, arrived, clock } = rig()
    const other = connectArp({ ethernet: peer, clock })
    other.add(B)
    assert.deepEqual(ip.relay(B, 30, fill), done)
    for (let i = 0; i < 4; i++) {
      clock.advance(0)
      await Promise.resolve()
    }
    assert.deepEqual(arrived[0]?.slice(0, 30), Array<number>(30).fill(0xab))
  })

  it('is given back when the neighbour does not answer, which is no concern of the protocols', async () => {
    const { ip, clock } = rig()
    const lost: number[] = []
    ip.onUnreachable(() => assert.fail('nobody here wrote to it'))
    ip.relay(B, 100, fill, (packet) => lost.push(packet.length))
    for (let i = 0; i < 10; i++) {
      clock.advance(1500)
      await Promise.resolve()
    }
    assert.deepEqual(lost, [30])
  })

  it('is given back when too many were asked for after its neighbour, though whoever has it writes in turn', () => {
    const { ip } = rig()
    const lost: number[] = []
    for (let i = 10; i < 10 + HOPS_MAX; i++) {
      const tellSender = (): void => {
        lost.push(i)
        ip.relay(of(10, 0, 0, 100 + i), 30, fill)
      }
      assert.deepEqual(ip.relay(of(10, 0, 0, i), 30, fill, tellSender), done)
    }
    assert.deepEqual(lost, [])
    assert.deepEqual(ip.relay(B, 30, fill), done)
    assert.deepEqual(
      lost,
      Array.from({ length: HOPS_MAX }, (_, i) => 10 + i),
    )
  })
})
