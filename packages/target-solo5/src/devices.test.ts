import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { blockContract } from '@mirage/block/contract'
import { netContract } from '@mirage/net/contract'
import { randomContract } from '@mirage/random/contract'
import { err, ok } from '@mirage/result'
import { Solo5Block } from './block.ts'
import { Solo5Clock } from './clock.ts'
import { Solo5Console } from './console.ts'
import { Loop } from './loop.ts'
import { Solo5Net } from './net.ts'
import { type Solo5Random, seeded } from './random.ts'
import { MemorySolo5, join, settle } from './testing/memory.ts'

interface End {
  readonly solo5: MemorySolo5
  readonly loop: Loop
  readonly net: Solo5Net
}

function ends(): [End, End] {
  const solo5s = [new MemorySolo5(), new MemorySolo5()] as const
  join(solo5s[0].addNet('service', 1), solo5s[1].addNet('service', 2))
  const [a, b] = solo5s.map((solo5) => {
    const loop = new Loop(solo5)
    return { solo5, loop, net: new Solo5Net(solo5, loop, solo5.netAcquire('service')!) }
  })
  return [a!, b!]
}

netContract('a network of an image', () => {
  const [a, b] = ends()
  const arrived = async (): Promise<void> => {
    for (let turn = 0; turn < 40; turn++) {
      a.loop.turn()
      b.loop.turn()
      await settle()
    }
  }
  return { a: a.net, b: b.net, arrived }
})

describe('a network of an image', () => {
  it('reads so many frames in a turn that others have theirs, and the rest in the next', () => {
    const [a, b] = ends()
    let received = 0
    b.net.listen(() => received++)
    for (let count = 0; count < 100; count++) a.net.write(60, () => 60)
    b.loop.turn()
    assert.equal(received, 64)
    b.loop.turn()
    assert.equal(received, 100)
  })

  it('is disconnected when the other end has gone', () => {
    const [a, b] = ends()
    b.net.listen(() => assert.fail('there is no frame'))
    b.solo5.netRead = () => -3
    a.net.write(60, () => 60)
    b.loop.turn()
    assert.deepEqual(
      b.net.write(60, () => 60),
      err('disconnected'),
    )
  })
})

blockContract('a disk of an image', {
  block: async () => {
    const solo5 = new MemorySolo5()
    solo5.addDisk('storage', new Uint8Array(16 * 512))
    return new Solo5Block(solo5, solo5.blockAcquire('storage')!)
  },
})

describe('a disk of an image', () => {
  it('fails where the host does', async () => {
    const solo5 = new MemorySolo5()
    solo5.addDisk('storage', new Uint8Array(16 * 512))
    const block = new Solo5Block(solo5, solo5.blockAcquire('storage')!)
    solo5.blockWrite = () => -3
    assert.deepEqual(await block.write(0, [new Uint8Array(512)]), err('io'))
  })
})

function random(solo5: MemorySolo5): ReturnType<typeof seeded> {
  return seeded(solo5, new Solo5Clock(solo5, new Loop(solo5)))
}

randomContract('the random generator of an image', () => {
  const made = random(new MemorySolo5())
  assert.ok(made.ok)
  return made.value
})

describe('the random generator of an image', () => {
  it('refuses to begin where nothing is random', () => {
    const solo5 = new MemorySolo5()
    solo5.entropyLeft = 0
    solo5.sources = []
    const made = random(solo5)
    assert.match(made.ok ? '' : made.error, /not enough randomness.*none/)
  })

  it('refuses to begin with a part of a seed', () => {
    const solo5 = new MemorySolo5()
    solo5.entropyLeft = 63
    assert.ok(!random(solo5).ok)
  })

  it('gives other bytes after other seeds', () => {
    const [one, other] = [random(new MemorySolo5()), random(new MemorySolo5())] as { value: Solo5Random }[]
    assert.notDeepEqual(one!.value.generate(32), other!.value.generate(32))
  })

  it('is fed every ten seconds, until it is disconnected', () => {
    const solo5 = new MemorySolo5()
    const loop = new Loop(solo5)
    const made = seeded(solo5, new Solo5Clock(solo5, loop))
    assert.ok(made.ok)
    solo5.entropyLeft = 1_000_000
    loop.turn()
    loop.turn()
    assert.equal(solo5.entropyLeft, 1_000_000 - 2 * 1024)
    assert.equal(solo5.time, 20_000)
    made.value.disconnect()
    loop.turn()
    assert.equal(solo5.entropyLeft, 1_000_000 - 2 * 1024)
  })
})

describe('the console of an image', () => {
  it('shows lines whole and in order with what was written', async () => {
    const solo5 = new MemorySolo5()
    const console = new Solo5Console(solo5)
    console.log('héllo')
    assert.deepEqual(await console.write(Uint8Array.of(0x61, 0x62)), ok(undefined))
    console.log('!')
    assert.equal(solo5.shown, 'héllo\nab!\n')
  })

  it('is at the end of what is typed, again and again', async () => {
    const console = new Solo5Console(new MemorySolo5())
    assert.deepEqual(await console.read(), ok('eof'))
    assert.deepEqual(await console.read(), ok('eof'))
  })

  it('discards lines after close, and accepts no more bytes', async () => {
    const solo5 = new MemorySolo5()
    const console = new Solo5Console(solo5)
    console.close()
    console.log('hello')
    assert.deepEqual(await console.write(Uint8Array.of(0x61)), err('closed'))
    assert.equal(solo5.shown, '')
  })
})
