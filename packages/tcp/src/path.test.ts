import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DeliveryError } from '@mirage/ip/errors'
import { err } from '@mirage/result'
import type { TcpFlow } from './tcp.ts'
import { A, B, type Fate, rig } from './testing/rig.ts'

/** What a router says of `packet`, a segment from A to B. */
function reportOf(packet: Uint8Array): Omit<DeliveryError, 'kind'> {
  const quote = { src: A, dst: B, protocol: 6, frame: packet, offset: 0, end: packet.length }
  return { reporter: B, type: 3, code: 0, ...quote }
}

interface World extends ReturnType<typeof rig> {
  /** Lengths of segments from A that got through, headers included. */
  readonly lengths: number[]
  /** How many did not. */
  lost: number
  /** Of the router's next link. */
  mtu: number
}

/** A router on the way that forwards packets of at most `mtu` bytes, and tells of others. */
function narrow(mtu: number): World {
  const lengths: number[] = []
  const fate: Fate = (packet, from) => {
    if (from !== A) return [1]
    if (packet.length + 20 <= world.mtu) {
      lengths.push(packet.length)
      return [1]
    }
    world.lost++
    const copy = packet.slice()
    const tooBig: DeliveryError = { kind: 'too-big', mtu: world.mtu, ...reportOf(copy) }
    world.clock.at(world.clock.now() + 1, () => world.wireA.report(tooBig))
    return []
  }
  const world: World = Object.assign(rig({ fate: () => fate }), { lengths, lost: 0, mtu })
  return world
}

/** Sends `length` bytes from A to B; true if all arrived. */
async function transfer(world: World, length: number): Promise<boolean> {
  const accepted = new Promise<TcpFlow>((resolve) => void world.b.listen(80, resolve))
  const opened = await world.run(world.a.connect({ address: B, port: 80 }))
  assert.ok(opened.ok)
  const server = await world.run(accepted)
  void opened.value.write(Uint8Array.from({ length }, (_, i) => i % 251)).then(() => opened.value.shutdown())
  const read = async (): Promise<boolean> => {
    let at = 0
    for (;;) {
      const result = await server.read()
      if (!result.ok) return false
      if (result.value === 'eof') return at === length
      for (const byte of result.value) assert.equal(byte, at++ % 251)
    }
  }
  return world.run(read(), 60_000)
}

describe('a path that is narrower than the link', () => {
  it('is obeyed at once, and nothing is lost but what was sent before it was known', async () => {
    const world = narrow(1000)
    assert.ok(await transfer(world, 100_000))
    assert.ok(world.clock.now() < 500, `no timeout was waited for: ${world.clock.now()} ms`)
    assert.ok(world.lost <= 10)
    assert.equal(Math.max(...world.lengths), 980)
    assert.equal(world.wireA.mtu(), 980)
  })

  it('may become narrower on the way', async () => {
    const world = narrow(1400)
    world.clock.at(8, () => (world.mtu = 900))
    assert.ok(await transfer(world, 200_000))
    assert.equal(world.wireA.mtu(), 880)
    assert.ok(world.clock.now() < 500, `${world.clock.now()} ms`)
  })

  it('is obeyed by connections that were not told of it', async () => {
    const world = narrow(1500)
    world.wireA.reducePathMtu(B, 1500)
    const accepted = new Promise<TcpFlow>((resolve) => void world.b.listen(80, resolve))
    const opened = await world.run(world.a.connect({ address: B, port: 80 }))
    assert.ok(opened.ok)
    const server = await world.run(accepted)
    world.wireA.reducePathMtu(B, 700)
    void opened.value.write(new Uint8Array(50_000)).then(() => opened.value.close())
    let count = 0
    const read = async (): Promise<void> => {
      for (;;) {
        const result = await server.read()
        if (!result.ok || result.value === 'eof') return
        count += result.value.length
      }
    }
    await world.run(read(), 60_000)
    assert.equal(count, 50_000)
    assert.ok(world.clock.now() < 1000, `${world.clock.now()} ms`)
    assert.equal(Math.max(...world.lengths), 680)
  })

  it('is not believed of a segment that is not in flight', async () => {
    const world = narrow(1500)
    let last = new Uint8Array(0)
    const { transmit } = world.wireA
    world.wireA.transmit = (packet, dst, src) => {
      last = packet.slice()
      transmit(packet, dst, src)
    }
    assert.ok(await transfer(world, 10_000))
    await world.pass(1000)
    const forged = last.slice()
    for (const offset of [0, -1_000_000, 1_000_000]) {
      const view = new DataView(forged.buffer)
      view.setUint32(4, new DataView(last.buffer).getUint32(4) + offset)
      world.wireA.report({ kind: 'too-big', mtu: 600, ...reportOf(forged) })
    }
    view16(forged, 0, 9)
    world.wireA.report({ kind: 'too-big', mtu: 600, ...reportOf(forged) })
    assert.equal(world.wireA.mtu(), 1480)
  })
})

function view16(bytes: Uint8Array, offset: number, value: number): void {
  new DataView(bytes.buffer).setUint16(offset, value)
}

describe('a connection that is being opened', () => {
  const kinds: [
    kind: Exclude<DeliveryError['kind'], 'too-big'>,
    error: 'no-route' | 'refused' | undefined,
  ][] = [
    ['net-unreachable', 'no-route'],
    ['host-unreachable', 'no-route'],
    ['port-unreachable', 'refused'],
    ['protocol-unreachable', 'refused'],
    ['prohibited', 'refused'],
    ['time-exceeded', undefined],
    ['parameter-problem', undefined],
  ]
  for (const [kind, error] of kinds) {
    it(`${error === undefined ? 'goes on' : `ends with ${error}`} when a router says ${kind}`, async () => {
      let first = true
      const fate: Fate = (packet, from) => {
        if (from !== A || !first) return [1]
        first = false
        const report = { kind, ...reportOf(packet.slice()) }
        world.clock.at(world.clock.now() + 1, () => world.wireA.report(report))
        return []
      }
      const world = rig({ fate: () => fate })
      world.b.listen(80, () => {})
      const opened = await world.run(world.a.connect({ address: B, port: 80 }))
      if (error === undefined) assert.ok(opened.ok)
      else assert.deepEqual(opened, err(error))
    })
  }

  it('goes on when a stranger says so', async () => {
    const world = rig({ fate: () => () => [10] })
    world.b.listen(80, () => {})
    const { transmit } = world.wireA
    world.wireA.transmit = (packet, dst, src) => {
      const forged = packet.slice()
      forged[7]! ^= 1
      world.wireA.report({ kind: 'port-unreachable', ...reportOf(forged) })
      transmit(packet, dst, src)
    }
    assert.ok((await world.run(world.a.connect({ address: B, port: 80 }))).ok)
  })

  it('that is open does not end by what may pass', async () => {
    const world = narrow(1500)
    const { transmit } = world.wireA
    world.wireA.transmit = (packet, dst, src) => {
      if (packet.length > 100) world.wireA.report({ kind: 'port-unreachable', ...reportOf(packet.slice()) })
      transmit(packet, dst, src)
    }
    assert.ok(await transfer(world, 10_000))
  })
})
