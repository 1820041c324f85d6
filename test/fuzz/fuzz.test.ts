import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import assert from 'node:assert/strict'
import { PATIENCE_MS } from '../patience.ts'
import { type Target, fuzz } from './fuzz.ts'
import { Inputs } from './inputs.ts'
import { targets } from './targets.ts'

/** The rest of the ten millions are for `npm run fuzz`. */
const SHARE = { inputs: 20_000, seconds: 0.3, seed: 1 }

const all = await targets()

describe('whatever bytes are given to', () => {
  for (const target of all) {
    it(`${target.name} throws nothing, ends soon and keeps nothing`, async () => {
      assert.ok((await fuzz(target, SHARE)).inputs >= 1)
    })
  }
})

describe('the fuzzer', () => {
  it('finds a length that is believed, and says how to find it again', async () => {
    const believing: Target = {
      name: 'believing',
      corpus: [Uint8Array.of(3, 1, 2, 3)],
      create: () => (input) => {
        if (input[0] === 0xff && input.length === 4) throw new Error('believed')
      },
    }
    const find = (block: number) => fuzz(believing, { inputs: 1_000_000, seconds: 200, seed: 1, block })
    let message = ''
    await assert.rejects(find(0), (error) => (message = String(error)).includes('believed'))
    const block = Number(/--block (\d+)/.exec(message)![1])
    await assert.rejects(fuzz(believing, { inputs: 1000, seconds: 200, seed: 1, block }), /believed/)
  })

  it('ends what has no end, and says how to find it again', () => {
    const program = `
      import { fuzz } from './fuzz.ts'
      const endless = { name: 'endless', corpus: [], create: () => () => { for (;;) {} } }
      await fuzz(endless, { inputs: 10, seconds: 1, seed: 7, patienceMs: 100 })`
    const options = { cwd: import.meta.dirname, encoding: 'utf8', timeout: PATIENCE_MS } as const
    const { signal, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], options)
    assert.equal(signal, 'SIGKILL')
    assert.match(stderr, /no end after 100 ms: npm run fuzz -- --target endless --seed 7 --block 0\n/)
  })

  it('makes the same inputs for the same seed, of every length, some of them as they were', () => {
    const corpus = [new Uint8Array(60).fill(7), Uint8Array.of(1, 2, 3)]
    const list = (seed: number): string[] => {
      const inputs = new Inputs(corpus, seed)
      return Array.from({ length: 2000 }, () => inputs.next().join())
    }
    assert.deepEqual(list(1), list(1))
    assert.notDeepEqual(list(1), list(2))
    for (const entry of corpus) assert.ok(list(1).includes(entry.join()))
    assert.ok(new Set(list(1)).size > 1000)
  })
})
