import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Reader } from '@mirage/net/pcapng-reader'

const PROGRAM = fileURLToPath(new URL('./testing/recording.ts', import.meta.url))

describe('devices that a process was started with', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mirage-recorded-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  for (const end of ['exit', 'kill']) {
    it(`are recorded if they are named, all to one file, which is whole after ${end}`, () => {
      assert.deepEqual(run(end, '3 3=net 5=admin'), [
        ['net', 'out', 3000, 3],
        ['admin', 'out', 5000, 5],
      ])
    })
  }

  it('are not recorded unless somebody wants it', () => {
    assert.deepEqual(run('exit', undefined), [])
  })

  /** What is in the file, descriptor 3 of a process that ends as `end` says. */
  function run(end: string, wish: string | undefined): readonly unknown[] {
    const path = join(folder, 'file.pcapng')
    const file = openSync(path, 'w')
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const { signal, stderr } = spawnSync(process.execPath, [PROGRAM, end], {
      env: wish === undefined ? env : { ...env, MIRAGE_CAPTURE: wish },
      stdio: ['ignore', 'inherit', 'pipe', file],
      encoding: 'utf8',
    })
    closeSync(file)
    assert.equal(signal, end === 'kill' ? 'SIGKILL' : null, stderr)
    assert.equal(stderr, '')
    const seen: unknown[] = []
    const reader = new Reader(({ name, direction, length, frame }) =>
      seen.push([name, direction, length, frame[0]]),
    )
    assert.ok(reader.input(readFileSync(path)).ok)
    assert.equal(reader.isComplete, wish !== undefined)
    return seen
  }
})
