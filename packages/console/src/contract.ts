/** What `Console` promises, as tests: every console's package runs them, on a fresh rig for each. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { err, ok } from '@mirage/result'
import type { Console } from './console.ts'

/** A console, and the person in front of it. */
export interface Rig {
  readonly console: Console
  /** Types `text`, as a person would. */
  readonly type: (text: string) => Promise<void>
  /** Says that no more will be typed. */
  readonly endInput: () => Promise<void>
  /** Everything shown so far. */
  readonly shown: () => Promise<string>
}

/** Runs the suite of `Console` on consoles that `rig` makes. */
export function consoleContract(name: string, rig: () => Rig | Promise<Rig>): void {
  describe(`${name} keeps the contract of Console`, () => {
    showing(rig)
    reading(rig)
  })
}

type MakeRig = () => Rig | Promise<Rig>

function showing(rig: MakeRig): void {
  it('shows lines whole and in order, each on its own', async () => {
    const { console, shown } = await rig()
    console.log('one')
    console.log('')
    console.log('two, in UTF-8: é 漢 😀')
    assert.equal(await shown(), 'one\n\ntwo, in UTF-8: é 漢 😀\n')
  })

  it('shows lines in order with what was written, before the write has resolved', async () => {
    const { console, shown } = await rig()
    console.log('first')
    const write = console.write(text('second\n'))
    console.log('third')
    assert.deepEqual(await write, ok(undefined))
    assert.deepEqual(await console.write(text('no end of line')), ok(undefined))
    assert.equal(await shown(), 'first\nsecond\nthird\nno end of line')
  })

  it('gives the bytes of a write back to the writer', async () => {
    const { console, shown } = await rig()
    const bytes = text('mine')
    assert.deepEqual(await console.write(bytes), ok(undefined))
    bytes.fill(0x58)
    assert.equal(await shown(), 'mine')
  })

  it('discards lines silently after close, and accepts no more bytes', async () => {
    const { console, shown } = await rig()
    console.log('before')
    console.close()
    console.close()
    console.log('after')
    assert.deepEqual(await console.write(text('after')), err('closed'))
    assert.equal(await shown(), 'before\n')
  })
}

function reading(rig: MakeRig): void {
  it('reads what is typed', async () => {
    const { console, type } = await rig()
    const read = console.read()
    await type('hello\n')
    assert.deepEqual(await read, ok(text('hello\n')))
  })

  it('reads eof when no more is typed, again and again, and still shows', async () => {
    const { console, type, endInput, shown } = await rig()
    await type('last')
    await endInput()
    assert.deepEqual(await console.read(), ok(text('last')))
    assert.deepEqual(await console.read(), ok('eof'))
    assert.deepEqual(await console.read(), ok('eof'))
    console.log('still here')
    assert.equal(await shown(), 'still here\n')
  })

  it('wakes a read that waits when it is closed', async () => {
    const { console } = await rig()
    const read = console.read()
    console.close()
    assert.deepEqual(await read, ok('eof'))
    assert.deepEqual(await console.read(), ok('eof'))
  })

  it('throws on a second read before the first resolved', async () => {
    const { console } = await rig()
    const first = console.read()
    await assert.rejects(async () => console.read(), /broken invariant/)
    console.close()
    await first
  })
}

function text(shown: string): Uint8Array {
  return Uint8Array.from(Buffer.from(shown))
}
