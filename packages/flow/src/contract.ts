/** What `Flow` promises, as tests: the package of everything that makes flows runs them, on a fresh rig for each. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { err, ok } from '@mirage/result'
import type { Flow, PolledFlow } from './flow.ts'

/** The two ends of one connection, which loses nothing. */
export interface Rig {
  readonly a: Flow
  readonly b: Flow
  /**
   * Lets everything happen that can happen while neither end is told anything: whatever was accepted arrives,
   * whoever can be answered is. On virtual time a few seconds; over a real network as long as that takes.
   */
  readonly settle: () => Promise<void>
}

/** Runs the suite for the flows `name`, of which `rig` connects two for each test. */
export function flowContract(name: string, rig: () => Rig | Promise<Rig>): void {
  describe(`${name} keeps the contract of Flow`, () => {
    reading(rig)
    writing(rig)
    ending(rig)
    breaking(rig)
  })
}

type MakeRig = () => Rig | Promise<Rig>

function reading(rig: MakeRig): void {
  it('reads what the peer wrote, in both directions', async () => {
    const { a, b, settle } = await rig()
    const writes = [a.write(text('to b')), b.write(text('to a'))]
    assert.deepEqual(await outcome(settle, Promise.all(writes)), [ok(undefined), ok(undefined)])
    assert.deepEqual(await readAll(settle, b, 4), text('to b'))
    assert.deepEqual(await readAll(settle, a, 4), text('to a'))
  })

  it('waits with a read until there is a byte, and resolves as soon as there are any', async () => {
    const { a, b, settle } = await rig()
    const read = b.read()
    assert.equal(await outcome(settle, read), 'waits')
    void a.write(text('x'))
    assert.deepEqual(await outcome(settle, read), ok(text('x')))
  })

  it('never reads an empty chunk, also where nothing was written', async () => {
    const { a, b, settle } = await rig()
    assert.deepEqual(await outcome(settle, a.write(new Uint8Array(0))), ok(undefined))
    const read = b.read()
    assert.equal(await outcome(settle, read), 'waits')
    void a.write(text('x'))
    assert.deepEqual(await outcome(settle, read), ok(text('x')))
  })

  it('gives the reader bytes to keep and to change', async () => {
    const { a, b, settle } = await rig()
    void a.write(text('first'))
    const first = await readAll(settle, b, 5)
    const kept = first.slice()
    void a.write(text('other'))
    const second = await readAll(settle, b, 5)
    assert.deepEqual(first, kept)
    first.fill(0)
    assert.deepEqual(second, text('other'))
  })

  it('throws on a second read before the first resolved', async () => {
    const { b } = await rig()
    void b.read()
    await assert.rejects(async () => b.read(), /broken invariant/)
  })
}

function writing(rig: MakeRig): void {
  it('keeps the order of what was written', async () => {
    const { a, b, settle } = await rig()
    for (let i = 0; i < 50; i++)
      assert.deepEqual(await outcome(settle, a.write(Uint8Array.of(i))), ok(undefined))
    assert.deepEqual(
      await readAll(settle, b, 50),
      Uint8Array.from({ length: 50 }, (_, i) => i),
    )
  })

  it('gives the bytes back to the writer once they are accepted', async () => {
    const { a, b, settle } = await rig()
    const bytes = text('mine')
    assert.deepEqual(await outcome(settle, a.write(bytes)), ok(undefined))
    bytes.fill(0)
    assert.deepEqual(await readAll(settle, b, 4), text('mine'))
  })

  it('holds a large write back until the peer reads, and loses none of it', async () => {
    const { a, b, settle } = await rig()
    const large = Uint8Array.from({ length: LARGE }, (_, i) => (i * 7) ^ (i >>> 8))
    const write = a.write(large)
    assert.equal(await outcome(settle, write), 'waits')
    assert.ok(same(await readAll(settle, b, LARGE), large))
    assert.deepEqual(await outcome(settle, write), ok(undefined))
  })

  it('moves bytes both ways while both ends are held back', async () => {
    const { a, b, settle } = await rig()
    const writes = [a.write(new Uint8Array(LARGE).fill(1)), b.write(new Uint8Array(LARGE).fill(2))]
    assert.equal(await outcome(settle, Promise.race(writes)), 'waits')
    assert.ok(same(await readAll(settle, b, LARGE), new Uint8Array(LARGE).fill(1)))
    assert.ok(same(await readAll(settle, a, LARGE), new Uint8Array(LARGE).fill(2)))
    assert.deepEqual(await outcome(settle, Promise.all(writes)), [ok(undefined), ok(undefined)])
  })

  it('throws on a second write before the first resolved', async () => {
    const { a, settle } = await rig()
    void a.write(new Uint8Array(LARGE))
    await settle()
    await assert.rejects(async () => a.write(text('x')), /broken invariant/)
  })
}

function ending(rig: MakeRig): void {
  it('lets the peer read everything and then eof, again and again, after shutdown', async () => {
    const { a, b, settle } = await rig()
    void a.write(text('last'))
    await settle()
    a.shutdown()
    a.shutdown()
    assert.deepEqual(await readAll(settle, b, 4), text('last'))
    assert.deepEqual(await outcome(settle, b.read()), ok('eof'))
    assert.deepEqual(await outcome(settle, b.read()), ok('eof'))
  })

  it('finishes a write that waits before the end that shutdown announces', async () => {
    const { a, b, settle } = await rig()
    const write = a.write(new Uint8Array(LARGE).fill(3))
    a.shutdown()
    assert.ok(same(await readAll(settle, b, LARGE), new Uint8Array(LARGE).fill(3)))
    assert.deepEqual(await outcome(settle, write), ok(undefined))
    assert.deepEqual(await outcome(settle, b.read()), ok('eof'))
  })

  it('accepts nothing after shutdown, and goes on reading', async () => {
    const { a, b, settle } = await rig()
    a.shutdown()
    assert.deepEqual(await outcome(settle, a.write(text('x'))), err('closed'))
    assert.deepEqual(await outcome(settle, b.write(text('still'))), ok(undefined))
    assert.deepEqual(await readAll(settle, a, 5), text('still'))
  })

  it('wakes a read that waits when the peer finishes', async () => {
    const { a, b, settle } = await rig()
    const read = b.read()
    assert.equal(await outcome(settle, read), 'waits')
    a.shutdown()
    assert.deepEqual(await outcome(settle, read), ok('eof'))
  })

  it('ends for both when both have finished', async () => {
    const { a, b, settle } = await rig()
    a.shutdown()
    b.shutdown()
    assert.deepEqual(await outcome(settle, a.read()), ok('eof'))
    assert.deepEqual(await outcome(settle, b.read()), ok('eof'))
  })

  it('delivers what was accepted before close, and then eof', async () => {
    const { a, b, settle } = await rig()
    void a.write(text('bye'))
    await settle()
    a.close()
    a.close()
    assert.deepEqual(await readAll(settle, b, 3), text('bye'))
    assert.deepEqual(await outcome(settle, b.read()), ok('eof'))
  })

  it('reads nothing after close, and wakes a read that waits', async () => {
    const { a, b, settle } = await rig()
    const read = a.read()
    assert.equal(await outcome(settle, read), 'waits')
    a.close()
    assert.deepEqual(await outcome(settle, read), ok('eof'))
    void b.write(text('too late'))
    await settle()
    assert.deepEqual(await outcome(settle, a.read()), ok('eof'))
    assert.deepEqual(await outcome(settle, a.write(text('x'))), err('closed'))
  })

  it('does not let a peer that has closed hold back a write for ever', async () => {
    const { a, b, settle } = await rig()
    const write = b.write(new Uint8Array(LARGE))
    await settle()
    a.close()
    assert.notEqual(await outcome(settle, write), 'waits')
  })
}

function breaking(rig: MakeRig): void {
  it('breaks the peer with a reset on abort', async () => {
    const { a, b, settle } = await rig()
    const read = b.read()
    assert.equal(await outcome(settle, read), 'waits')
    a.abort()
    assert.deepEqual(await outcome(settle, read), err('reset'))
    assert.deepEqual(await outcome(settle, b.read()), err('reset'))
    assert.deepEqual(await outcome(settle, b.write(text('x'))), err('reset'))
  })

  it('is broken itself after abort', async () => {
    const { a, settle } = await rig()
    const read = a.read()
    a.abort()
    a.abort()
    assert.deepEqual(await outcome(settle, read), err('reset'))
    assert.deepEqual(await outcome(settle, a.read()), err('reset'))
    assert.deepEqual(await outcome(settle, a.write(text('x'))), err('reset'))
  })

  it('ends writes that wait, at both ends, on abort', async () => {
    const { a, b, settle } = await rig()
    const writes = [a.write(new Uint8Array(LARGE)), b.write(new Uint8Array(LARGE))]
    await settle()
    a.abort()
    assert.deepEqual(await outcome(settle, Promise.all(writes)), [err('reset'), err('reset')])
  })
}

/** The same for a flow that can be polled. */
export function polledFlowContract(name: string, rig: () => PolledRig | Promise<PolledRig>): void {
  flowContract(name, rig)
  describe(`${name} keeps the contract of PolledFlow`, () => {
    polling(rig)
    offering(rig)
  })
}

/** The two ends of a connection whose flows can be polled. */
export interface PolledRig extends Rig {
  readonly a: PolledFlow
  readonly b: PolledFlow
}

function polling(rig: () => PolledRig | Promise<PolledRig>): void {
  it('polls what has arrived, and is woken once by what arrives later', async () => {
    const { a, b, settle } = await rig()
    let woken = 0
    assert.equal(
      b.poll(() => woken++),
      undefined,
    )
    await settle()
    assert.equal(woken, 0)
    void a.write(text('one'))
    await settle()
    void a.write(text('two'))
    await settle()
    assert.equal(woken, 1)
    assert.deepEqual(await readAll(settle, b, 6), text('onetwo'))
  })

  it('is woken by the end, and polls eof from then on', async () => {
    const { a, b, settle } = await rig()
    let woken = 0
    b.poll(() => woken++)
    a.shutdown()
    await settle()
    assert.equal(woken, 1)
    for (let i = 0; i < 2; i++) assert.deepEqual(b.poll(assert.fail), ok('eof'))
  })

  it('is woken by a break, and polls the error from then on', async () => {
    const { a, b, settle } = await rig()
    let woken = 0
    b.poll(() => woken++)
    a.abort()
    await settle()
    assert.equal(woken, 1)
    for (let i = 0; i < 2; i++) assert.deepEqual(b.poll(assert.fail), err('reset'))
  })

  it('throws on a read while a poll is outstanding', async () => {
    const { b } = await rig()
    b.poll(() => {})
    await assert.rejects(async () => b.read(), /broken invariant/)
    assert.throws(() => b.poll(() => {}), /broken invariant/)
  })
}

function offering(rig: () => PolledRig | Promise<PolledRig>): void {
  it('takes an offer whole, as a copy, or not at all', async () => {
    const { a, b, settle } = await rig()
    const bytes = text('-mine-')
    assert.ok(a.offer(bytes, 1, 5))
    bytes.fill(0)
    assert.ok(!a.offer(new Uint8Array(LARGE), 0, LARGE))
    assert.ok(a.offer(text('too'), 0, 3))
    assert.deepEqual(await readAll(settle, b, 7), text('minetoo'))
  })

  it('takes no offer while a write waits, after shutdown, or when it is broken', async () => {
    const { a, b, settle } = await rig()
    void a.write(new Uint8Array(LARGE))
    await settle()
    assert.ok(!a.offer(text('x'), 0, 1))
    b.shutdown()
    assert.ok(!b.offer(text('x'), 0, 1))
    a.abort()
    await settle()
    assert.ok(!a.offer(text('x'), 0, 1))
  })
}

/** More than any flow accepts while its peer does not read. */
const LARGE = 8 * 1024 * 1024

/** What `promise` came to once everything has happened that can, or that it waits. */
async function outcome<T>(settle: () => Promise<void>, promise: Promise<T>): Promise<T | 'waits'> {
  await settle()
  return Promise.race([promise, Promise.resolve('waits' as const)])
}

/** Exactly `length` bytes, in as many reads as it takes. */
async function readAll(settle: () => Promise<void>, flow: Flow, length: number): Promise<Uint8Array> {
  const whole = new Uint8Array(length)
  for (let offset = 0; offset < length; ) {
    const chunk = await outcome(settle, flow.read())
    assert.ok(chunk !== 'waits' && chunk.ok && chunk.value !== 'eof', `${offset} of ${length} bytes arrived`)
    assert.ok(chunk.value.length > 0)
    whole.set(chunk.value, offset)
    offset += chunk.value.length
  }
  return whole
}

function text(ascii: string): Uint8Array {
  return Uint8Array.from(ascii, (each) => each.charCodeAt(0))
}

/** `deepEqual` of megabytes takes seconds. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
