import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { pathOf } from '@mirage/engine-quickjs/files'
import { cannotRun, guest, inFolder, launch } from './testing/run.ts'

/** Where the ELF header has its numbers, and a segment's header its own. */
const [ENTRY, SEGMENTS] = [24, 64]
const SEGMENT_SIZE = 56
const [TYPE, FLAGS, OFFSET, ADDRESS, FILE_SIZE, MEM_SIZE, ALIGN] = [0, 4, 8, 16, 32, 40, 48]

/** The segments of a guest, in the order of its table. */
const [TEXT, RODATA, DATA, ABI, MANIFEST] = [1, 2, 3, 4, 5]

/** A guest to be broken. */
class Broken {
  readonly file: Uint8Array
  readonly view: DataView
  constructor(file: Uint8Array) {
    this.file = file
    this.view = new DataView(file.buffer, file.byteOffset, file.length)
  }
  /** Where the number `field` of a segment is. */
  at(segment: number, field: number): number {
    return SEGMENTS + segment * SEGMENT_SIZE + field
  }
  u64(segment: number, field: number): bigint {
    return this.view.getBigUint64(this.at(segment, field), true)
  }
  set(segment: number, field: number, value: bigint | number): void {
    this.view.setBigUint64(this.at(segment, field), BigInt.asUintN(64, BigInt(value)), true)
  }
  setU32(offset: number, value: number): void {
    this.view.setUint32(offset, value, true)
  }
  /** Where a note's content begins. */
  content(segment: number): number {
    return Number(this.u64(segment, OFFSET)) + 20
  }
}

const outside = "a segment lies outside of the guest's memory"
const notElf = 'not an ELF executable for x86-64'

const cases: readonly (readonly [what: string, sentence: string, break_: (guest: Broken) => void])[] = [
  ['another magic number', notElf, (g) => g.setU32(0, 0)],
  ['32 bits', notElf, (g) => (g.file[4] = 1)],
  ['another machine', notElf, (g) => g.view.setUint16(18, 183, true)],
  ['a shared object', notElf, (g) => g.view.setUint16(16, 3, true)],
  ['no segments', notElf, (g) => g.view.setUint16(56, 0, true)],
  [
    'segments outside',
    'the table of segments lies outside of the file',
    (g) => g.view.setBigUint64(32, 1n << 40n, true),
  ],
  [
    'segments that wrap',
    'the table of segments lies outside of the file',
    (g) => g.view.setBigUint64(32, (1n << 64n) - 8n, true),
  ],
  [
    'segments that go past the end',
    'the table of segments lies outside of the file',
    (g) => g.view.setBigUint64(32, BigInt(g.file.length - 2 * SEGMENT_SIZE), true),
  ],
  [
    'text that may be written',
    'a segment is both writable and executable',
    (g) => g.setU32(g.at(TEXT, FLAGS), 7),
  ],
  [
    'data that may be executed',
    'a segment is both writable and executable',
    (g) => g.setU32(g.at(DATA, FLAGS), 7),
  ],
  [
    'segments that overlap',
    'segments overlap or are not in ascending order',
    (g) => g.set(RODATA, ADDRESS, g.u64(TEXT, ADDRESS)),
  ],
  [
    'segments that descend',
    'segments overlap or are not in ascending order',
    (g) => g.set(TEXT, ADDRESS, 0x200000),
  ],
  ['text too low', outside, (g) => g.set(TEXT, ADDRESS, 0xff000)],
  ['text at zero', outside, (g) => g.set(TEXT, ADDRESS, 0)],
  ['data behind the memory', outside, (g) => g.set(DATA, ADDRESS, 64 << 20)],
  ['a hostile size in memory', outside, (g) => g.set(DATA, MEM_SIZE, -1)],
  ['a size that wraps', outside, (g) => g.set(DATA, MEM_SIZE, -0x100000)],
  [
    'more in the file than in memory',
    'a segment is larger in the file than in memory',
    (g) => g.set(TEXT, MEM_SIZE, 1),
  ],
  [
    'bytes that are not in the file',
    'a segment lies outside of the file',
    (g) => g.set(TEXT, OFFSET, 1n << 62n),
  ],
  [
    'more bytes than the file has',
    'a segment lies outside of the file',
    (g) => (g.set(DATA, FILE_SIZE, 1 << 25), g.set(DATA, MEM_SIZE, 1 << 25)),
  ],
  ['no alignment', 'a segment is not aligned to pages', (g) => g.set(TEXT, ALIGN, 0)],
  [
    'alignment that is no power of two',
    'a segment is not aligned to pages',
    (g) => g.set(TEXT, ALIGN, 0x3000),
  ],
  ['alignment larger than memory', outside, (g) => g.set(DATA, ALIGN, 1n << 63n)],
  [
    'an entry in data',
    "the entry point is not in the image's text",
    (g) => g.view.setBigUint64(ENTRY, g.u64(DATA, ADDRESS), true),
  ],
  [
    'an entry at zero',
    "the entry point is not in the image's text",
    (g) => g.view.setBigUint64(ENTRY, 0n, true),
  ],
  ['no ABI note', 'the image has no ABI note', (g) => g.setU32(g.at(ABI, TYPE), 0)],
  ['no manifest', 'the image has no manifest', (g) => g.setU32(g.at(MANIFEST, TYPE), 0)],
  ['another target', 'the image is not for spt', (g) => g.setU32(g.content(ABI), 1)],
  [
    'another version',
    'the image wants another version of the spt ABI',
    (g) => g.setU32(g.content(ABI) + 4, 3),
  ],
  ['an ABI note that says nothing', 'the ABI note is too short', (g) => g.setU32(g.content(ABI) - 16, 0)],
  ['a note of a few bytes', 'a note is too short', (g) => g.set(MANIFEST, FILE_SIZE, 8)],
  [
    'a note longer than its segment',
    'a note is longer than its segment',
    (g) => g.setU32(g.content(MANIFEST) - 16, 0xffff_ffff),
  ],
  ['a note outside', 'a note lies outside of the file', (g) => g.set(MANIFEST, OFFSET, -4)],
  [
    'a manifest of another version',
    'the manifest is of another version',
    (g) => g.setU32(g.content(MANIFEST) + 4, 2),
  ],
  [
    'a manifest without entries',
    'the manifest has too few or too many entries',
    (g) => g.setU32(g.content(MANIFEST) + 8, 0),
  ],
  [
    'a manifest of 65 entries',
    'the manifest has too few or too many entries',
    (g) => g.setU32(g.content(MANIFEST) + 8, 65),
  ],
  [
    'entries that are not there',
    'the manifest has the wrong size',
    (g) => g.setU32(g.content(MANIFEST) + 8, 64),
  ],
  [
    'a manifest without the reserved entry',
    'the manifest does not begin with the reserved entry',
    (g) => g.setU32(g.content(MANIFEST) + 12 + 68, 2),
  ],
  [
    'a reserved entry with a name',
    'the manifest has a device without a name',
    (g) => (g.file[g.content(MANIFEST) + 12] = 65),
  ],
  [
    'a name without an end',
    'the manifest has a name that does not end',
    (g) => g.file.fill(65, g.content(MANIFEST) + 12, g.content(MANIFEST) + 12 + 68),
  ],
  [
    'a device that is attached',
    'the manifest has a device that is attached already',
    (g) => (g.file[g.content(MANIFEST) + 12 + 96] = 255),
  ],
]

describe('the spt launcher refuses', { skip: cannotRun }, () => {
  const whole = cannotRun === false ? readFileSync(guest('hello')) : new Uint8Array()

  for (const [what, sentence, break_] of cases) {
    it(what, () => {
      inFolder((path) => {
        const file = join(path, 'broken')
        const broken = new Broken(Uint8Array.from(whole))
        break_(broken)
        writeFileSync(file, broken.file)
        const { status, stdout, stderr } = launch('--mem=64', file)
        assert.equal(stderr, `spt: ${file}: ${sentence}\n`)
        assert.equal(stdout, '')
        assert.equal(status, 1)
      })
    })
  }

  it('an image that was cut off, wherever it was', () => {
    inFolder((path) => {
      const file = join(path, 'short')
      for (const length of [0, 1, 63, 64, 100, SEGMENTS + 8 * SEGMENT_SIZE - 1, 4096, whole.length >> 1]) {
        writeFileSync(file, whole.subarray(0, length))
        const { status, stdout } = launch(file)
        assert.equal(stdout, '', `${length} bytes`)
        assert.equal(status, 1, `${length} bytes`)
      }
    })
  })

  it('or loads safely, two hundred thousand images with some numbers changed', () => {
    const { status, stdout, stderr } = spawnSync(pathOf('fuzz-image'), [guest('hello'), '1', '200000'], {
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
    const [images, accepted] = /^(\d+) images, (\d+) accepted/.exec(stdout)!.slice(1).map(Number)
    assert.equal(images, 200_000)
    // Most changes break an image, and some do not matter: a reader that answers everything alike tests nothing.
    assert.ok(accepted! > 20_000 && accepted! < 150_000, stdout)
  })
})
