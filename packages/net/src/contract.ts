/** What `Net` promises, as tests: every device's package runs them, on a fresh rig for each. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as mac from '@mirage/address/mac'
import { err, ok } from '@mirage/result'
import { offloadsContract } from './contract-offloads.ts'
import type { Rig } from './contract-rig.ts'
import { type Fill, HEADER_SIZE, type Net } from './net.ts'

/** Runs the suite for the device `name`, of which `rig` connects two for each test. */
export function netContract(name: string, rig: () => Rig | Promise<Rig>): void {
  describe(`${name} keeps the contract of Net`, () => {
    it('has a unicast address of its own', async () => {
      const { a, b } = await rig()
      assert.ok(!mac.isGroup(a.mac) && a.mac !== mac.ZERO)
      assert.notEqual(a.mac, b.mac)
    })

    it('delivers what was filled, up to the count returned', async () => {
      const { a, b, arrived } = await rig()
      const received = collect(b)
      assert.deepEqual(a.write(100, put(frame(b, 1, 2, 3))), ok(undefined))
      await arrived()
      assert.deepEqual(received, [frame(b, 1, 2, 3)])
    })

    it('delivers in both directions, in the order of the writes', async () => {
      const { a, b, arrived } = await rig()
      const atA = collect(a)
      const atB = collect(b)
      for (let i = 0; i < 10; i++) {
        a.write(100, put(frame(b, i)))
        b.write(100, put(frame(a, 100 + i)))
      }
      await arrived()
      assert.deepEqual(
        atB.map((each) => each[HEADER_SIZE]),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      )
      assert.deepEqual(
        atA.map((each) => each[HEADER_SIZE]),
        [100, 101, 102, 103, 104, 105, 106, 107, 108, 109],
      )
    })

    it('delivers a frame to everyone when its address is a group', async () => {
      const { a, b, arrived } = await rig()
      const received = collect(b)
      const broadcast = frame(b, 7)
      mac.write(broadcast, 0, mac.BROADCAST)
      a.write(60, put(broadcast))
      await arrived()
      assert.deepEqual(received, [broadcast])
    })

    it('carries frames of every size up to its MTU and the header', async () => {
      const { a, b, arrived } = await rig()
      const received = collect(b)
      const sent = [HEADER_SIZE + 46, 511, 512, HEADER_SIZE + a.mtu].map((size) => {
        const whole = new Uint8Array(size).map((_, i) => i * 7)
        whole.set(frame(b))
        return whole
      })
      for (const whole of sent) a.write(whole.length, put(whole))
      await arrived()
      assert.deepEqual(received, sent)
    })

    it('lends a buffer of exactly the size, holding nothing of the frames before', async () => {
      const { a, b, arrived } = await rig()
      for (let i = 0; i < 5; i++) {
        a.write(100, (lent) => {
          lent.fill(0xff)
          return 60
        })
        await arrived()
        a.write(80, (lent) => {
          assert.deepEqual(lent, new Uint8Array(80))
          lent.set(frame(b))
          return 70
        })
        a.write(120, (lent) => {
          assert.deepEqual(lent, new Uint8Array(120))
          lent.set(frame(b))
          return 20
        })
        await arrived()
      }
    })

    it('keeps a frame that waits as it is while the next one is filled', async () => {
      const { a, b, arrived } = await rig()
      const received = collect(b)
      a.write(60, (lent) => {
        lent.set(frame(b, 1, 1))
        return HEADER_SIZE + 2
      })
      a.write(60, put(frame(b, 2, 2)))
      await arrived()
      assert.deepEqual(received, [frame(b, 1, 1), frame(b, 2, 2)])
    })

    it('calls fill once, before write returns', async () => {
      const { a, b } = await rig()
      let calls = 0
      a.write(60, (lent) => {
        calls++
        lent.set(frame(b))
        return HEADER_SIZE
      })
      assert.equal(calls, 1)
    })

    it('never delivers inside a write, not even one made by a listener', async () => {
      const { a, b, arrived } = await rig()
      let isWriting = false
      let received = 0
      const write = (from: Net, to: Net): void => {
        isWriting = true
        from.write(60, put(frame(to)))
        isWriting = false
      }
      a.listen(() => {
        assert.ok(!isWriting)
        received++
      })
      b.listen(() => {
        assert.ok(!isWriting)
        received++
        write(b, a)
      })
      write(a, b)
      await arrived()
      assert.equal(received, 2)
    })

    offloadsContract(rig)

    it('delivers to the last listener only', async () => {
      const { a, b, arrived } = await rig()
      const first = collect(b)
      const last = collect(b)
      a.write(60, put(frame(b)))
      await arrived()
      assert.deepEqual([first.length, last.length], [0, 1])
    })

    it('counts what it carried, until it is told to count anew', async () => {
      const { a, b, arrived } = await rig()
      collect(b)
      a.resetCounters()
      b.resetCounters()
      a.write(100, put(frame(b, ...new Uint8Array(46))))
      a.write(100, put(frame(b, ...new Uint8Array(50))))
      await arrived()
      assert.deepEqual(a.counters, { rxFrames: 0, rxBytes: 0, txFrames: 2, txBytes: 124 })
      assert.deepEqual(b.counters, { rxFrames: 2, rxBytes: 124, txFrames: 0, txBytes: 0 })
      a.resetCounters()
      assert.deepEqual(a.counters, { rxFrames: 0, rxBytes: 0, txFrames: 0, txBytes: 0 })
    })

    it('neither asks for frames nor delivers them once disconnected', async () => {
      const { a, b, arrived } = await rig()
      const received = collect(b)
      b.disconnect()
      b.disconnect()
      a.write(60, put(frame(b)))
      await arrived()
      assert.deepEqual(received, [])
      const sent = b.write(60, () => assert.fail('fill was called'))
      assert.deepEqual(sent, err('disconnected'))
    })

    it('throws on a frame above its MTU, without asking for it', async () => {
      const { a } = await rig()
      assert.throws(
        () => a.write(a.mtu + HEADER_SIZE + 1, () => assert.fail('fill was called')),
        /broken invariant/,
      )
    })

    it('throws on a count outside the buffer', async () => {
      const { a } = await rig()
      assert.throws(() => a.write(60, () => 61), /broken invariant/)
      assert.throws(() => a.write(60, () => -1), /broken invariant/)
    })
  })
}

/** A frame to `to` of a type for experiments, with this payload. */
function frame(to: Net, ...payload: number[]): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE + payload.length)
  mac.write(bytes, 0, to.mac)
  mac.write(bytes, mac.SIZE, mac.local(9))
  bytes.set([0x88, 0xb5, ...payload], 2 * mac.SIZE)
  return bytes
}

function put(bytes: Uint8Array): Fill {
  return (lent) => {
    lent.set(bytes)
    return bytes.length
  }
}

function collect(net: Net): Uint8Array[] {
  const received: Uint8Array[] = []
  net.listen((each) => received.push(each.slice()))
  return received
}
