import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { PATIENCE_MS } from '../../../test/patience.ts'
import { type CaptureFile, openCapture } from './capture-file.ts'

describe('the file of a recording', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mirage-capture-file-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'file')

  function opened(at: string, complain: (message: string) => void = assert.fail): CaptureFile {
    const file = openCapture(at, complain)
    assert.ok(file.ok)
    return file.value
  }

  it('has what was written, in its order, whatever the sizes', () => {
    const file = opened(path)
    const sizes = [1, 0, 200_000, 100_000, 262_144, 262_145, 7]
    // The bytes are the writer's again at once.
    const scratch = new Uint8Array(Math.max(...sizes))
    for (const [index, size] of sizes.entries()) file.write(scratch.fill(index).subarray(0, size))
    file.close()
    const expected = sizes.map((size, index) => Buffer.alloc(size, index))
    assert.ok(readFileSync(path).equals(Buffer.concat(expected)))
  })

  it('has it before long without more being written', { timeout: PATIENCE_MS }, async () => {
    const file = opened(path)
    file.write(Uint8Array.of(1, 2, 3))
    while (readFileSync(path).length === 0) await setTimeout(10)
    assert.deepEqual([...readFileSync(path)], [1, 2, 3])
    file.close()
  })

  const skip = existsSync('/dev/full') ? false : 'needs /dev/full'
  it('is complained of once where the disk is full, and takes whatever follows', { skip }, () => {
    const messages: string[] = []
    const file = opened('/dev/full', (message) => messages.push(message))
    for (let i = 0; i < 10; i++) file.write(new Uint8Array(200_000))
    file.close()
    assert.deepEqual(messages, ['/dev/full cannot be written any more: ENOSPC: no space left on device'])
  })

  it('ends with what was written whole, where the file may not grow', () => {
    const program = `
      import { openCapture } from '${new URL('./capture-file.ts', import.meta.url).href}'
      const file = openCapture('${path}', console.log).value
      for (let i = 0; i < 10; i++) file.write(new Uint8Array(200_000))
      file.close()`
    // 1 MiB, in the units of POSIX.
    const limited = `trap '' XFSZ; ulimit -f 2048; exec "$0" --input-type=module -e "$1"`
    const { stdout, stderr } = spawnSync('sh', ['-c', limited, process.execPath, program], {
      encoding: 'utf8',
    })
    assert.equal(stdout, `${path} cannot be written any more: EFBIG: file too large\n`, stderr)
    assert.equal(statSync(path).size, 1_000_000)
  })

  for (const [what, place, reason] of [
    ['a folder', '.', 'EISDIR: illegal operation on a directory'],
    ['in no folder', 'nowhere/file', 'ENOENT: no such file or directory'],
  ] as const) {
    it(`is refused if it is ${what}`, () => {
      const at = join(folder, place)
      assert.deepEqual(openCapture(at, assert.fail), {
        ok: false,
        error: {
          code: 123,
          problems: [{ message: `option --capture: ${at} cannot be written: ${reason}` }],
        },
      })
    })
  }
})
