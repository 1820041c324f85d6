import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, describe, it } from 'node:test'
import { consoleContract } from '@mirage/console/contract'
import { err, ok } from '@mirage/result'
import { NodeConsole } from './console.ts'

const folder = mkdtempSync(join(tmpdir(), 'mirage-console-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0

consoleContract('the console of Node', () => {
  const path = join(folder, String(files++))
  const input = new PassThrough()
  return {
    console: new NodeConsole(openSync(path, 'w'), () => input),
    type: async (text) => void input.write(text),
    endInput: async () => void input.end(),
    shown: async () => readFileSync(path, 'utf8'),
  }
})

describe('the console of Node', () => {
  it('goes on when nobody is there to see it', async () => {
    const fd = openSync(join(folder, 'closed'), 'w')
    closeSync(fd)
    const console = new NodeConsole(fd, () => new PassThrough())
    console.log('into the void')
    assert.deepEqual(await console.write(Uint8Array.of(65)), err('reset'))
  })

  it('takes a broken input for the end of it', async () => {
    const input = new PassThrough()
    const console = new NodeConsole(1, () => input)
    const read = console.read()
    input.destroy(new Error('EIO'))
    assert.deepEqual(await read, ok('eof'))
  })

  it('does not touch its input before the first read', () => {
    const console = new NodeConsole(1, () => assert.fail('the input was opened'))
    console.close()
  })
})
