import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manual } from '@mirage/clock/manual'
import { HEADER_SIZE, type Net, type Offload } from '@mirage/net'
import { netContract } from '@mirage/net/contract'
import { seeded } from '@mirage/random/seeded'
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

  it('are not damaged: there would be nothing to notice it by', () => {
    const { lan } = agreed()
    assert.throws(() => lan.setFaults({ loss: 0.1 }), /broken invariant/)
  })
})
