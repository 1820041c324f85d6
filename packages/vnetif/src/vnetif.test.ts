import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as mac from '@mirage/address/mac'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { HEADER_SIZE, type Net } from '@mirage/net'
import { netContract } from '@mirage/net/contract'
import { err } from '@mirage/result'
import { seeded } from '@mirage/random/seeded'
import { bridge } from './bridge.ts'
import * as plans from './plans.ts'
import { type Options, type Switch, vnetif } from './vnetif.ts'

netContract('a switch', () => {
  const { clock, lan } = rig()
  return { a: lan.connect(), b: lan.connect(), arrived: async () => clock.advance(0) }
})

netContract('a switch whose links take their time', () => {
  const { clock, lan } = rig({ faults: { latency: 3, jitter: 2 } })
  return { a: lan.connect(), b: lan.connect(), arrived: async () => clock.advance(20) }
})

describe('a switch', () => {
  it('gives every device a locally administered address of its own, unless told', () => {
    const { lan } = rig()
    const told = lan.connect({ mac: mac.local(77) })
    const given = [lan.connect(), lan.connect()]
    assert.deepEqual(
      [told, ...given].map((each) => mac.format(each.mac)),
      ['02:50:00:00:00:4d', '02:50:00:00:00:01', '02:50:00:00:00:02'],
    )
    assert.throws(() => lan.connect({ mac: mac.local(77) }), /address of its own/)
  })

  it('gives every device its MTU, or a smaller one', () => {
    const { lan } = rig({ mtu: 4000 })
    assert.deepEqual([lan.connect().mtu, lan.connect({ mtu: 576 }).mtu], [4000, 576])
    assert.throws(() => lan.connect({ mtu: 4001 }), /larger MTU/)
  })

  it('hands a frame for one device to that device alone', () => {
    const { clock, lan } = rig()
    const [a, b, c] = [lan.connect(), lan.connect(), lan.connect()]
    const seen = watch(a, b, c)
    write(a, c.mac)
    clock.advance(0)
    assert.deepEqual(seen, [0, 0, 1])
  })

  it('hands a frame for a group, or for nobody it knows, to everyone else', () => {
    const { clock, lan } = rig()
    const [a, b, c] = [lan.connect(), lan.connect(), lan.connect()]
    const seen = watch(a, b, c)
    write(a, mac.BROADCAST)
    write(a, mac.local(1000))
    clock.advance(0)
    assert.deepEqual(seen, [0, 2, 2])
  })

  it('does not hand a device what it sent to itself', () => {
    const { clock, lan } = rig()
    const a = lan.connect()
    const seen = watch(a, lan.connect())
    write(a, a.mac)
    clock.advance(0)
    assert.deepEqual(seen, [0, 0])
  })

  it('hands frames without a whole header to nobody', () => {
    const { clock, lan } = rig()
    const a = lan.connect()
    const seen = watch(lan.connect())
    a.write(60, (lent) => {
      mac.write(lent, 0, mac.BROADCAST)
      return HEADER_SIZE - 1
    })
    clock.advance(0)
    assert.deepEqual(seen, [0])
  })

  it('is busy when a device has too many frames on their way, until they have arrived', () => {
    const { clock, lan } = rig({ queue: 3 })
    const [a, b] = [lan.connect(), lan.connect()]
    const seen = watch(b)
    for (let i = 0; i < 3; i++) assert.ok(write(a, b.mac).ok)
    assert.deepEqual(write(a, b.mac), err('busy'))
    assert.ok(write(b, a.mac).ok)
    clock.advance(0)
    assert.ok(write(a, b.mac).ok)
    clock.advance(0)
    assert.deepEqual([seen, a.counters.txFrames], [[4], 4])
  })

  it('lets a device leave, and another take its address', () => {
    const { clock, lan } = rig()
    const [a, b] = [lan.connect(), lan.connect()]
    write(a, b.mac)
    clock.advance(0)
    b.disconnect()
    const again = lan.connect({ mac: b.mac })
    b.disconnect()
    const seen = watch(again)
    write(a, b.mac)
    clock.advance(0)
    assert.deepEqual(seen, [1])
  })

  it('sends the same frame to everyone without a copy for each, and lends it again afterwards', () => {
    const { clock, lan } = rig()
    const [a, b, c] = [lan.connect(), lan.connect(), lan.connect()]
    const frames = new Set<Uint8Array>()
    b.listen((frame) => frames.add(frame))
    c.listen((frame) => frames.add(frame))
    for (let i = 0; i < 100; i++) {
      write(a, mac.BROADCAST)
      clock.advance(0)
    }
    assert.equal(frames.size, 1)
  })
})

describe('a switch with faults', () => {
  it('delivers a duplicate with what the frame held, however late it is', () => {
    const { clock, lan } = rig({ faults: { duplicate: 1, jitter: 50 } })
    const [a, b] = [lan.connect(), lan.connect()]
    const received: number[] = []
    b.listen((frame) => received.push(frame[HEADER_SIZE]!))
    for (let i = 0; i < 200; i++) {
      write(a, b.mac, i)
      clock.advance(1)
    }
    clock.advance(100)
    const expected = Array.from({ length: 400 }, (_, i) => i >> 1)
    assert.deepEqual(
      received.sort((x, y) => x - y),
      expected,
    )
  })

  it('appends bytes to a frame without touching it, and lends clean buffers afterwards', () => {
    const { clock, lan } = rig({ faults: { trailing: 64 } })
    const [a, b] = [lan.connect(), lan.connect()]
    const lengths = new Set<number>()
    b.listen((frame) => {
      assert.equal(frame[HEADER_SIZE], 9)
      lengths.add(frame.length)
    })
    for (let i = 0; i < 500; i++) {
      a.write(i % 2 === 0 ? HEADER_SIZE + 1 : 100, (lent) => {
        assert.ok(lent.every((byte) => byte === 0))
        mac.write(lent, 0, b.mac)
        lent[HEADER_SIZE] = 9
        return HEADER_SIZE + 1
      })
      clock.advance(0)
    }
    assert.equal(lengths.size, 65)
  })

  it('flips one bit of a packet, and loses a frame that carries none', () => {
    const { clock, lan } = rig({ faults: { corrupt: 1 } })
    const [a, b] = [lan.connect(), lan.connect()]
    const flipped: number[] = []
    b.listen((frame) => {
      const [high, low] = [frame[12]!, frame[13]!]
      assert.deepEqual([high, low], [0x08, 0x00])
      const bits = [...frame.subarray(HEADER_SIZE)].map((byte) => byte.toString(2).replaceAll('0', '').length)
      flipped.push(bits.reduce((sum, each) => sum + each, 0))
    })
    for (let i = 0; i < 100; i++) {
      a.write(60, (lent) => {
        assert.ok(lent.every((byte) => byte === 0))
        mac.write(lent, 0, b.mac)
        lent.set(i % 2 === 0 ? [0x08, 0x00] : [0x08, 0x06], 12)
        return 60
      })
      clock.advance(0)
    }
    assert.deepEqual(
      flipped,
      Array.from({ length: 50 }, () => 1),
    )
  })

  it('can be switched off and on, for all and for one', () => {
    const { clock, lan } = rig()
    const [a, b] = [lan.connect(), lan.connect()]
    const seen = watch(a, b)
    const exchange = (): number[] => {
      seen.fill(0)
      write(a, b.mac)
      write(b, a.mac)
      clock.advance(0)
      return [...seen]
    }
    lan.setFaults(plans.OFF)
    assert.deepEqual(exchange(), [0, 0])
    lan.setFaults(undefined)
    assert.deepEqual(exchange(), [1, 1])
    lan.setFaults(plans.OFF, a)
    assert.deepEqual(exchange(), [1, 0])
    lan.setFaults(plans.OFF)
    lan.connect().listen(() => assert.fail('a frame arrived'))
    write(a, mac.BROADCAST)
    clock.advance(0)
  })

  it('gives back the buffers of frames that are lost', () => {
    const { clock, lan } = rig({ faults: plans.OFF, queue: 2 })
    const a = lan.connect()
    for (let i = 0; i < 10; i++) assert.ok(write(a, mac.BROADCAST).ok)
    clock.advance(0)
  })

  it('tells what became of every frame', () => {
    const fates: string[] = []
    const { clock, lan } = rig({
      observe: (fate, from, to) => fates.push(`${fate} ${from.mac & 255} ${to && to.mac & 255}`),
    })
    const [a, b] = [lan.connect(), lan.connect()]
    write(a, b.mac)
    clock.advance(0)
    lan.setFaults(plans.OFF, b)
    write(b, a.mac)
    assert.deepEqual(fates, ['delivered 1 2', 'lost 2 undefined'])
  })

  it('throws without anything to draw from', () => {
    assert.throws(() => vnetif({ clock: manual(), faults: plans.UNIFORM_LOSS }), /draw from/)
  })
})

describe('a switch that learns', () => {
  const STATION = mac.local(500)

  it('hands a frame for a station to the device that it was heard of behind, and nobody else', () => {
    const { clock, lan } = rig()
    const [a, b, c] = [lan.connect(), lan.connect(), lan.connect()]
    const seen = watch(a, b, c)
    write(a, STATION)
    clock.advance(0)
    assert.deepEqual(seen, [0, 1, 1])
    write(c, b.mac, 0, STATION)
    clock.advance(0)
    write(a, STATION)
    clock.advance(0)
    assert.deepEqual(seen, [0, 2, 2])
  })

  it('follows a station that moves, at once', () => {
    const { clock, lan } = rig()
    const [a, b, c] = [lan.connect(), lan.connect(), lan.connect()]
    write(b, a.mac, 0, STATION)
    clock.advance(0)
    write(c, a.mac, 0, STATION)
    clock.advance(0)
    const seen = watch(a, b, c)
    write(a, STATION)
    clock.advance(0)
    assert.deepEqual(seen, [0, 0, 1])
  })

  it('forgets a station that is silent for five minutes, and one whose device has left', () => {
    const { clock, lan } = rig()
    const [a, b, c] = [lan.connect(), lan.connect(), lan.connect()]
    write(b, a.mac, 0, STATION)
    clock.advance(200_000)
    write(b, a.mac, 0, STATION)
    clock.advance(299_999)
    const seen = watch(a, b, c)
    write(a, STATION)
    clock.advance(0)
    assert.deepEqual(seen, [0, 1, 0])
    clock.advance(1)
    write(a, STATION)
    clock.advance(0)
    assert.deepEqual(seen, [0, 2, 1])
    write(b, a.mac, 0, STATION)
    clock.advance(0)
    b.disconnect()
    write(a, STATION)
    clock.advance(0)
    assert.deepEqual(seen, [1, 2, 2])
  })

  it('lets nobody take the address of one of its own devices', () => {
    const { clock, lan } = rig()
    const [a, b, c] = [lan.connect(), lan.connect(), lan.connect()]
    write(c, a.mac, 0, b.mac)
    clock.advance(0)
    const seen = watch(a, b, c)
    write(a, b.mac)
    clock.advance(0)
    assert.deepEqual(seen, [0, 1, 0])
  })

  it('learns up to its limit, whatever floods it, and no more until what it knows is old', () => {
    const { clock, lan } = rig({ stations: 2 })
    const [a, b, c] = [lan.connect(), lan.connect(), lan.connect()]
    for (let i = 0; i < 1000; i++) {
      write(b, a.mac, 0, mac.local(500 + i))
      clock.advance(0)
    }
    const seen = watch(a, b, c)
    for (const id of [500, 501, 502]) write(a, mac.local(id))
    clock.advance(0)
    assert.deepEqual(seen, [0, 3, 1])
    clock.advance(300_000)
    write(b, a.mac, 0, mac.local(502))
    clock.advance(0)
    write(a, mac.local(502))
    clock.advance(0)
    assert.deepEqual(seen, [1, 4, 1])
  })
})

describe('a switch that is divided', () => {
  it('carries frames within each set, until it is healed', () => {
    const fates: string[] = []
    const { clock, lan } = rig({ observe: (fate) => fates.push(fate) })
    const [a, b, c, d] = [lan.connect(), lan.connect(), lan.connect(), lan.connect()]
    const seen = watch(a, b, c, d)
    const broadcast = (from: Net): number[] => {
      seen.fill(0)
      write(from, mac.BROADCAST)
      clock.advance(0)
      return [...seen]
    }
    lan.partition([a, b], [c])
    const e = lan.connect()
    assert.deepEqual(
      [broadcast(a), broadcast(c), broadcast(e)],
      [
        [0, 1, 0, 0],
        [0, 0, 0, 0],
        [0, 0, 0, 1],
      ],
    )
    fates.length = 0
    write(a, c.mac)
    clock.advance(0)
    assert.deepEqual(fates, ['lost'])
    lan.partition()
    assert.deepEqual(broadcast(a), [0, 1, 1, 1])
  })
})

describe('a bridge', () => {
  it('joins two switches, which learn what is behind it', () => {
    const { clock, lan } = rig()
    const other = vnetif({ clock })
    const ends = [lan.connect({ mac: mac.local(900) }), other.connect({ mac: mac.local(901) })] as const
    bridge(...ends)
    const [a, b] = [lan.connect(), lan.connect()]
    const [c, d] = [other.connect({ mac: mac.local(11) }), other.connect({ mac: mac.local(12) })]
    const seen = watch(a, b, c, d)
    write(a, c.mac, 0, a.mac)
    clock.advance(1)
    assert.deepEqual(seen, [0, 1, 1, 0])
    write(c, a.mac, 0, c.mac)
    clock.advance(1)
    write(a, c.mac, 0, a.mac)
    clock.advance(1)
    assert.deepEqual(seen, [1, 1, 2, 0])
  })

  it('cuts what came after the end of a frame where it would not fit, and nothing else', () => {
    const { clock, lan } = rig({ faults: { trailing: 64 } })
    const other = vnetif({ clock })
    bridge(lan.connect({ mac: mac.local(900) }), other.connect({ mac: mac.local(901) }))
    const [a, c] = [lan.connect(), other.connect({ mac: mac.local(11) })]
    const lengths: number[] = []
    c.listen((frame) => lengths.push(frame.length))
    for (let i = 0; i < 100; i++) {
      a.write(1514, (lent) => {
        mac.write(lent, 0, c.mac)
        return lent.length
      })
      clock.advance(1)
    }
    assert.deepEqual(
      lengths,
      Array.from({ length: 100 }, () => 1514),
    )
  })
})

function rig(options: Partial<Options> = {}): { clock: ManualClock; lan: Switch } {
  const clock = manual()
  return { clock, lan: vnetif({ clock, random: seeded(1), ...options }) }
}

function write(
  from: Net,
  to: mac.Mac,
  payload: number = 0,
  src: mac.Mac = from.mac,
): ReturnType<Net['write']> {
  return from.write(60, (lent) => {
    mac.write(lent, 0, to)
    mac.write(lent, mac.SIZE, src)
    lent[HEADER_SIZE] = payload
    return 60
  })
}

/** How many frames each device received. */
function watch(...nets: Net[]): number[] {
  const seen = nets.map(() => 0)
  nets.forEach((net, i) => net.listen(() => seen[i]!++))
  return seen
}
