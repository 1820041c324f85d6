import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { build } from 'esbuild'
import { cannotRun, runModule } from '../../engine-quickjs/src/testing/run.ts'
import { type Web, outcome } from './testing/case.ts'
import { CASES } from './testing/cases.ts'
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
    const { output } = runModule(await bundled(`import { report } from './inside.ts'; await report(print)`))
    assert.match(output, /^\[.*\]$/)
    outcomes = JSON.parse(output) as unknown[]
  })
  it('an exception of a listener is one of the program, after the others have heard', async () => {
    const { status, output } = runModule(
      await bundled(`import { Event } from '../event.ts'
        import { EventTarget } from '../event-target.ts'
        const target = new EventTarget()
        target.addEventListener('a', () => { throw new RangeError('oh') })
        target.addEventListener('a', () => print('heard'))
        target.dispatchEvent(new Event('a'))`),
    )
    assert.match(output, /^heard\nUncaught RangeError: oh/)
    assert.equal(status, 255)
  })

  CASES.forEach(({ title, gives }, index) => {
    it(title, () => assert.deepEqual(outcomes[index], gives))
  })
})

/** The program for a bare engine that `contents` is, in the folder of the cases. */
async function bundled(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: join(import.meta.dirname, 'testing') },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2022',
  })
  return outputFiles[0]!.text
}
