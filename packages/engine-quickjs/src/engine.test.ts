import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cannotRun, runModule } from './testing/run.ts'

describe('the engine of images', { skip: cannotRun }, () => {
  it('gives a program its arguments, the time and random bytes', () => {
    const { status, output } = runModule(
      `
      const [time, bytes] = [new Float64Array(2), new Uint8Array(40)]
      solo5.clockWall(time)
      print(solo5.commandLine)
      print(new Date(time[0] * 1000).getUTCFullYear() >= 2026 && time[1] < 1e9)
      print(solo5.entropy(bytes) + ' ' + (new Set(bytes).size > 8) + ' ' + (solo5.sources.length > 0))
      `,
      16,
      '--name',
      'x',
    )
    assert.equal(output, '--name x\ntrue\n40 true true')
    assert.equal(status, 0)
  })

  it('takes turns until it is told to exit: jobs, the turn, jobs', () => {
    const { status, output } = runModule(`
      let turns = 0
      const ready = new Uint32Array(2)
      solo5.onTurn = () => {
        const start = solo5.clockMonotonic()
        solo5.yield(start + 20, ready)
        if (solo5.clockMonotonic() - start < 20) print('too early')
        turns++
        Promise.resolve().then(() => print('job of turn ' + turns))
        if (turns === 3) Promise.resolve().then(() => solo5.exit(7))
      }
      Promise.resolve().then(() => print('job of the module'))
      print('module')
    `)
    const turns = [1, 2, 3].map((turn) => `job of turn ${turn}`)
    assert.deepEqual(output.split('\n'), ['module', 'job of the module', ...turns])
    assert.equal(status, 7)
  })

  it('ends when nothing is left to do', () => {
    assert.equal(runModule('await Promise.resolve(); print("done")').status, 0)
    assert.equal(runModule('await new Promise(() => {}); print("done")').output, '')
  })

  const uncaught: readonly (readonly [where: string, text: string])[] = [
    ['the module', 'inner()'],
    ['a job', 'Promise.resolve().then(inner)'],
    ['an awaited promise', 'await Promise.resolve(); inner()'],
    ['a turn', 'solo5.onTurn = inner'],
  ]
  for (const [where, text] of uncaught) {
    it(`says what ${where} threw, and where`, () => {
      const { status, output } = runModule(
        `function inner() { throw new TypeError('no such thing') }\n${text}`,
      )
      assert.match(output, /^Uncaught TypeError: no such thing\n {4}at inner \(program\.js:\d+:\d+\)(\n|$)/)
      assert.equal(status, 255)
    })
  }

  it('ends on a rejected promise that nobody handles, not on one that is handled before the jobs are done', () => {
    const rejected = runModule(`Promise.reject('a word')`)
    assert.equal(rejected.output, 'Uncaught a word')
    assert.equal(rejected.status, 255)
    const handled = runModule(`
      const promise = Promise.reject(new Error('early'))
      await Promise.resolve()
      promise.catch((error) => print('caught ' + error.message))
    `)
    assert.equal(handled.output, 'caught early')
    assert.equal(handled.status, 0)
  })

  it('throws when the stack is full, and goes on', () => {
    const { status, output } = runModule(`
      const deep = (n) => 1 + deep(n + 1)
      try { deep(0) } catch (error) { print(error.message) }
      try { JSON.parse('['.repeat(1e6)) } catch (error) { print(error.message) }
      try { new RegExp('('.repeat(1e5)) } catch (error) { print(error.message) }
      print('still here')
    `)
    assert.match(output, /^stack overflow\n.*\n.*\nstill here$/)
    assert.equal(status, 0)
  })

  it('ends with one line when the heap is full, whatever the program catches', () => {
    const hogs = [
      'const all = []; for (;;) all.push(new Uint8Array(100000))',
      'const all = []; for (let i = 0; ; i++) all.push({ i })',
      'const texts = []; for (;;) texts.push("x".repeat(10000))',
      'const map = new Map(); for (let i = 0; ; i++) map.set("key " + i, i)',
      'new ArrayBuffer(2 ** 30)',
    ]
    for (const hog of hogs) {
      const { status, output } = runModule(`try { ${hog} } catch { print('caught') }`, 16)
      assert.match(output, /^mirage: out of memory: the heap of 1\d MiB is full$/, hog)
      assert.equal(status, 1, hog)
    }
  })

  it('collects cycles before it is full', () => {
    const { status, output } = runModule(
      `
      const kept = []
      for (let i = 0; i < 80000; i++) kept.push({ i })
      for (let round = 0; round < 300000; round++) {
        const a = { bytes: new Uint8Array(200) }
        a.self = { a }
      }
      print(kept.length)
      `,
      20,
    )
    assert.equal(output, '80000')
    assert.equal(status, 0)
  })

  it('refuses bytes outside of an array', () => {
    const calls = [
      ['consoleWrite(bytes, 5, 4)', 'consoleWrite(bytes, -1, 1)', 'consoleWrite(bytes, 0, 2 ** 60)'],
      [
        'checksum(bytes, 4, 3, 0)',
        'checksum(bytes, 0, 9, 0)',
        'copy(bytes, 7, bytes, 0, 2)',
        'copy(bytes, 0, bytes, 7, 2)',
      ],
      ['consoleWrite(bytes, 2 ** 63, 2 ** 63)', 'consoleWrite(bytes, 1, 2 ** 63 - 512)'],
    ].flat()
    const text = calls.map((call) => `try { solo5.${call}; print('?') } catch (error) { print(error.name) }`)
    const { output } = runModule(`const bytes = new Uint8Array(16).subarray(4, 12)\n${text.join('\n')}`)
    assert.deepEqual(new Set(output.split('\n')), new Set(['RangeError']))
  })

  it('refuses what is no array of bytes', () => {
    const calls = [
      'consoleWrite("text", 0, 1)',
      'entropy([])',
      'clockWall(undefined)',
      'yield(0, {})',
      'checksum()',
    ]
    const text = calls.map((call) => `try { solo5.${call}; print('?') } catch (error) { print(error.name) }`)
    assert.deepEqual(new Set(runModule(text.join('\n')).output.split('\n')), new Set(['TypeError']))
  })

  it('knows no device that the manifest does not have', () => {
    const { output } = runModule(`
      print(solo5.netAcquire('service') + ' ' + solo5.blockAcquire('storage'))
      const bytes = new Uint8Array(1514)
      print([solo5.netRead(1, bytes, 0, 1514), solo5.netWrite(1, bytes, 0, 60), solo5.blockRead(1, 0, bytes, 0, 512)])
    `)
    assert.equal(output, 'undefined undefined\n-2,-2,-2')
  })
})
