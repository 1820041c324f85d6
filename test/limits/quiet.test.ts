/** What two hosts say because of what others say has an end, whatever it is, and however narrow a path is said to be. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import * as mac from '@mirage/address/mac'
import { setU32 } from '@mirage/bytes'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { HEADER_SIZE, type Net } from '@mirage/net'
import { seeded } from '@mirage/random/seeded'
import { type Stack, connect } from '@mirage/stack'
import { vnetif } from '@mirage/vnetif'
import { repair, victim } from '../fuzz/frames.ts'
import { Inputs } from '../fuzz/inputs.ts'
import { floods } from './forged.ts'

const FRAMES = process.env['MIRAGE_LIMITS'] === 'full' ? 1_000_000 : 20_000
/** The ends of the conversations that the forged frames were part of. */
const A = [ipv4.of(10, 0, 0, 1), ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 1)] as const
const B = [ipv4.of(10, 0, 0, 2), ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 2)] as const
/** The echo of a packet that is as long as can be, there and back, at the least MTU that is believed, and what else is due. */
const ANSWERS_MAX = 400
const LARGE = new Uint8Array(65_000)

interface Rig {
  readonly clock: ManualClock
  readonly a: Stack
  readonly b: Stack
  readonly forger: Net
  /** Frames that the two have sent. */
  readonly said: () => number
}

function rig(acceptsRouters: boolean = true): Rig {
  const clock = manual()
  let said = 0
  const link = vnetif({
    clock,
    queue: 4096,
    observe: (_fate, from) => {
      if (from !== forger) said++
    },
  })
  const stack = (address: readonly [ipv4.Ipv4, ipv6.Ipv6]): Stack => {
    const net = link.connect()
    const six = { addresses: [{ address: address[1], prefixLength: 64 }], isTrusted: true, acceptsRouters }
    const made = connect(
      { net, clock, random: seeded(net.mac & 0xff) },
      { cidr: { address: address[0], prefixLength: 24 } },
      six,
    )
    made.tcp.listen(80, (flow) =>
      flow.listen(
        (frame, offset, end) => void flow.offer(frame, offset, end),
        () => flow.close(),
      ),
    )
    return made
  }
  const [a, b] = [stack(A), stack(B)]
  const forger = link.connect()
  forger.listen(() => {})
  return { clock, a, b, forger, said: () => said }
}

async function pass(clock: ManualClock, duration: number): Promise<void> {
  clock.advance(duration)
  // Whoever has waited for a neighbour goes on.
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

describe('two hosts', () => {
  it('come to rest after every frame that a third one forges', async () => {
    const { clock, forger, said } = rig()
    await pass(clock, 3000)
    const corpus = [...(await victim()).heard, ...floods.map(({ forge }) => forge(7).slice())]
    const inputs = new Inputs(corpus, 11)
    let [most, total] = [0, 0]
    for (let i = 0; i < FRAMES; i++) {
      const frame = inputs.next().subarray(0, HEADER_SIZE + forger.mtu)
      if (frame.length < HEADER_SIZE) continue
      mac.write(frame, 0, mac.local(1 + inputs.below(2)))
      if (inputs.below(8) > 0) repair(frame)
      const before = said()
      forger.write(frame.length, (lent) => (lent.set(frame), frame.length))
      clock.advance(inputs.below(16) === 0 ? inputs.below(100) : 0)
      if (i % 16 === 0) await pass(clock, 0)
      total += said() - before
      most = Math.max(most, said() - before)
      assert.ok(most <= ANSWERS_MAX, `${most} frames because of one`)
    }
    assert.ok(total <= 4 * FRAMES, `${total} frames because of ${FRAMES}`)
    // Connections to nobody are given up, and neighbours that are not there.
    await pass(clock, 3_600_000)
    const before = said()
    await pass(clock, 600_000)
    assert.ok(said() - before <= 20, `${said() - before} frames because of nothing`)
    assert.ok(clock.pending <= 20, `${clock.pending} timers`)
  })

  for (const mtu of [
    0,
    1,
    7,
    8,
    27,
    28,
    47,
    48,
    67,
    68,
    575,
    1279,
    1280,
    1499,
    65_535,
    65_536,
    2 ** 31,
    2 ** 32 - 1,
  ]) {
    it(`cut no more than is to be cut where somebody says that a path carries ${mtu} bytes`, async () => {
      const { clock, a, b, said } = rig()
      await pass(clock, 3000)
      a.ip.reducePathMtu(B[0], mtu)
      a.ipv6!.reducePathMtu(B[1], mtu)
      b.ip.configure({ cidr: { address: B[0], prefixLength: 24 }, mtu })
      const echoed = new Set<unknown>()
      a.icmp.onReply(({ src, payload }) => payload.length === LARGE.length && echoed.add(src))
      const before = said()
      for (const address of B) {
        a.icmp.echo(address, { id: 1, sequence: 1, payload: LARGE })
        a.udp.write({ address, port: 9 }, LARGE)
      }
      for (let i = 0; i < 4; i++) await pass(clock, 0)
      assert.ok(said() - before <= 4 * ANSWERS_MAX, `${said() - before} frames`)
      assert.ok(echoed.has(B[1]))
    })
  }

  for (const mtu of [0, 1, 1279, 1280, 1281, 1499, 1500, 1501, 65_536, 2 ** 32 - 1]) {
    it(`cut no more than is to be cut where a router says that the link carries ${mtu} bytes`, async () => {
      const { clock, a, b, forger, said } = rig()
      await pass(clock, 3000)
      const router = floods.find(({ what }) => what.startsWith('routers'))!.forge(1)
      // In the place of its prefix: an option that is the MTU, and one that is not known.
      const option = HEADER_SIZE + 40 + 16
      router.fill(0, option)
      router.set([5, 1], option)
      setU32(router, option + 4, mtu)
      router.set([200, 3], option + 8)
      repair(router)
      forger.write(router.length, (lent) => (lent.set(router), router.length))
      await pass(clock, 0)
      assert.equal(a.ipv6!.mtu(B[1]), (mtu >= 1280 && mtu <= 1500 ? mtu : 1500) - 40)
      let echoed = 0
      a.icmp.onReply(({ payload }) => (echoed += payload.length))
      const before = said()
      a.icmp.echo(B[1], { id: 1, sequence: 1, payload: LARGE })
      for (let i = 0; i < 4; i++) await pass(clock, 0)
      assert.ok(said() - before <= ANSWERS_MAX, `${said() - before} frames`)
      assert.deepEqual([echoed, b.ipv6!.mtu(A[1])], [LARGE.length, 1460])
    })
  }
})
