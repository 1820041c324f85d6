import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type Result, err } from '@mirage/result'
import { type Addon, find } from './native.ts'
import { agree, open } from './tap.ts'

const IS_LINUX = process.platform === 'linux'

/** What `load` says in a process that finds an addon with this text in its place. */
function loadOf(text: string): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'mirage-native-'))
  const path = join(folder, 'addon.cjs')
  writeFileSync(path, text)
  const module = new URL('./native.ts', import.meta.url).href
  const program = `import { load } from '${module}'; console.log(JSON.stringify(load()))`
  const env = { ...process.env, MIRAGE_NATIVE: path }
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { env })
  rmSync(folder, { recursive: true })
  return JSON.parse(stdout.toString().replaceAll(path, 'addon.cjs'))
}

describe('the addon', { skip: IS_LINUX ? false : 'it is for Linux' }, () => {
  for (const [whose, text] of [
    ['has no number of its interface', ''],
    ['has another number', 'exports.interface = 1'],
  ] as const) {
    it(`is refused if it ${whose}`, () => {
      const expected: Result<never, string> = err(
        'addon.cjs is of another version of Mirage: npm run build:native makes the one that is needed',
      )
      assert.deepEqual(loadOf(text), expected)
    })
  }
})

describe('what a kernel leaves to the reader of a TAP device', () => {
  /** The bits of `<linux/if_tun.h>`: checksums, segments of either family, those with ECN; datagrams of either. */
  const [SEGMENTS, DATAGRAMS] = [0x0f, 0x6f]
  const cases = [
    ['all of it', true, DATAGRAMS, 'datagrams', [DATAGRAMS]],
    ['no datagrams, before 6.2', true, SEGMENTS, 'segments', [DATAGRAMS, SEGMENTS]],
    ['nothing, before it knew any', true, 0, 'nothing', [DATAGRAMS, SEGMENTS, 0]],
    ['nothing without a header to say it in', false, DATAGRAMS, 'nothing', [0]],
  ] as const
  for (const [what, hasHeader, known, agreed, asked] of cases) {
    it(`is ${what}`, () => {
      const told: number[] = []
      const setOffload = (descriptor: number, bits: number): number => {
        assert.equal(descriptor, 7)
        told.push(bits)
        return (bits & ~known) === 0 ? 0 : -22
      }
      const addon = { setOffload } as Partial<Addon> as Addon
      assert.equal(agree({ addon, descriptor: 7, name: 'tap0', hasHeader }), agreed)
      assert.deepEqual(told, asked)
    })
  }
})

describe('a TAP device', { skip: find() === undefined ? 'needs the native addon' : false }, () => {
  it('is refused if its name is longer than the kernel keeps', () => {
    assert.deepEqual(open('interface-number'), err('the name of an interface has 15 bytes at most'))
  })
})
