import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { build } from 'esbuild'
import { cannotRun, runModule } from '../../engine-quickjs/src/testing/run.ts'
import { CASES, type Web, outcome } from './testing/cases.ts'
import { ours } from './testing/ours.ts'

const implementations: readonly [name: string, web: Web][] = [
  ['of Node, as a check of the table', globalThis],
  ['of ours', ours],
]
for (const [name, web] of implementations) {
  describe(`the web's classes ${name}`, () => {
    for (const each of CASES) {
      it(each.title, async () => assert.deepEqual(await outcome(each, web), each.gives))
    }
  })
}

describe("the web's classes of ours on an engine without any", { skip: cannotRun }, () => {
  let outcomes: readonly unknown[] = []
  before(async () => {
    const { outputFiles } = await build({
      entryPoints: [join(import.meta.dirname, 'testing/inside.ts')],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      target: 'es2022',
    })
    const { output } = runModule(outputFiles[0]!.text)
    assert.match(output, /^\[.*\]$/)
    outcomes = JSON.parse(output) as unknown[]
  })
  CASES.forEach(({ title, gives }, index) => {
    it(title, () => assert.deepEqual(outcomes[index], gives))
  })
})
