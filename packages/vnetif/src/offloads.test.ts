import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { local } from '@mirage/address/mac'
import { getU16, setU16 } from '@mirage/bytes'
import { manual } from '@mirage/clock/manual'
import { HEADER_SIZE, type Net, type Offload } from '@mirage/net'
import { netContract } from '@mirage/net/contract'
import { seeded } from '@mirage/random/seeded'
import { bridge } from './bridge.ts'
import { vnetif } from './vnetif.ts'

const agreed = (mtu = 1500) => {
  const clock = manual()
  const lan = vnetif({ clock, mtu, offloads: true, random: seeded(1) })
  return { clock, lan, a: lan.connect(), b: lan.connect() }
}

netContract('a switch whose devices agreed on offloads', () => {
  const { clock, a, b } = agreed()
  return { a, b, arrived: async () => clock.advance(0) }
})

const CUT: Offload = {
  checksumStart: 34,
  checksumOffset: 16,
  segmentSize: 1460,
  headerSize: 54,
  isIpv6: false,
  isUdp: false,
}

/** Sends a frame of `size` bytes from `a`. */
function send(a: Net, size: number, offload?: Offload) {
  return a.write(size, (frame) => frame.fill(0xff).length, offload)
}

describe('devices that agreed on offloads', () => {
  it('carry a segment of 64 KiB whole, and vouch for it', () => {
    const { clock, a, b } = agreed()
    assert.deepEqual(b.offloads, { checksum: true, segmentation: 65_535, datagrams: true })
    const received: [number, boolean | undefined][] = []
    b.listen((frame, isChecked) => received.push([frame.length, isChecked]))
    assert.ok(send(a, 65_535 + HEADER_SIZE, CUT).ok)
    assert.ok(send(a, 1514, { ...CUT, segmentSize: 0 }).ok)
    clock.advance(0)
    assert.deepEqual(received, [
      [65_549, true],
      [1514, true],
    ])
  })

  it('say of which size datagrams are that nobody has cut, and nothing of other frames', () => {
    const { clock, a, b } = agreed()
    const received: (number | undefined)[] = []
    b.listen((_frame, _isChecked, segmentSize) => received.push(segmentSize))
    for (const offload of [
      { ...CUT, segmentSize: 1000, isUdp: true },
      { ...CUT, segmentSize: 1000 },
      { ...CUT, segmentSize: 0, isUdp: true },
    ]) {
      send(a, 1514, offload)
      clock.advance(0)
    }
    send(a, 1514)
    clock.advance(0)
    assert.deepEqual(received, [1000, undefined, undefined, undefined])
  })

  it('vouch for nothing that they were not asked to complete', () => {
    const { clock, a, b } = agreed()
    const received: (boolean | undefined)[] = []
    b.listen((_, isChecked) => received.push(isChecked))
    send(a, 1514, CUT)
    clock.advance(0)
    send(a, 1514)
    clock.advance(0)
    assert.deepEqual(received, [true, false])
  })

  it('carry nothing larger than the MTU that is not to be cut', () => {
    const { a } = agreed()
    assert.throws(() => send(a, 1515), /broken invariant/)
    assert.throws(() => send(a, 1515, { ...CUT, segmentSize: 0 }), /broken invariant/)
    assert.throws(() => send(a, 65_536 + HEADER_SIZE, CUT), /broken invariant/)
  })

  it('cut for those who decline, and for nobody else', () => {
    const { clock, lan, a, b } = agreed()
    const c = lan.connect()
    c.declineOffloads?.()
    const lengths: number[][] = [[], []]
    b.listen((frame) => lengths[0]!.push(frame.length))
    c.listen((frame) => lengths[1]!.push(frame.length))
    send(a, 54 + 3000, CUT)
    clock.advance(0)
    assert.deepEqual(lengths, [[3054], [1514, 1514, 54 + 80]])
  })

  it('number the packets that may be cut again, and no others', () => {
    const { clock, a, b } = agreed()
    b.declineOffloads?.()
    const ids: number[] = []
    b.listen((frame) => ids.push(getU16(frame, 18)))
    for (const flags of [0, 0x40]) {
      const fill = (frame: Uint8Array) => {
        frame.fill(0xff)
        frame[20] = flags
        return frame.length
      }
      a.write(54 + 3000, fill, CUT)
      clock.advance(0)
    }
    assert.deepEqual(ids, [0xffff, 0, 1, 0xffff, 0xffff, 0xffff])
  })

  it('write a checksum that comes out as zero as its equal, because zero is none', () => {
    const { clock, a, b } = agreed()
    b.declineOffloads?.()
    const sums: number[] = []
    b.listen((frame) => sums.push(getU16(frame, 40)))
    for (const sum of [0xffff, 1]) {
      const fill = (frame: Uint8Array) => {
        frame.fill(0).fill(0xff, 0, 6)
        setU16(frame, 40, sum)
        return frame.length
      }
      a.write(100, fill, { ...CUT, checksumOffset: 6, segmentSize: 0, isUdp: true })
      clock.advance(0)
    }
    assert.deepEqual(sums, [0xffff, 0xfffe])
  })

  it('hand nothing more to who is disconnected between two pieces', () => {
    const { clock, a, b } = agreed()
    b.declineOffloads?.()
    let count = 0
    b.listen(() => {
      count++
      b.disconnect()
    })
    send(a, 54 + 3000, CUT)
    clock.advance(0)
    assert.equal(count, 1)
  })

  it('carry nothing that would be too large once it is cut', () => {
    const { a } = agreed()
    assert.throws(() => send(a, 3000, { ...CUT, segmentSize: 1461 }), /broken invariant/)
  })

  it('are heard whole across a bridge to a link that carries no such frames', () => {
    const { clock, lan, a } = agreed()
    const other = vnetif({ clock })
    bridge(lan.connect({ mac: local(900) }), other.connect({ mac: local(901) }))
    const lengths: number[] = []
    other.connect().listen((frame) => lengths.push(frame.length))
    send(a, 54 + 3000, CUT)
    clock.advance(1)
    assert.deepEqual(lengths, [1514, 1514, 54 + 80])
  })

  it('are not damaged: there would be nothing to notice it by', () => {
    const { lan } = agreed()
    assert.throws(() => lan.setFaults({ loss: 0.1 }), /broken invariant/)
  })
})
