import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ElfError, loaded, parse } from './elf.ts'
import { DATA, type Patch, type Piece, TEXT, executable } from './testing/files.ts'

const ENTRY = TEXT.address
/** Where the header of segment 1 begins. */
const SECOND = 64 + 56

describe('elf', () => {
  it('reads where the segments lie, in the file and in memory', () => {
    const elf = parse(executable([TEXT, DATA], ENTRY))
    assert.ok(elf.ok)
    assert.equal(elf.value.entry, ENTRY)
    assert.deepEqual(loaded(elf.value.segments), [
      { type: 1, flags: 5, offset: 0x1000, address: 0x100000, fileSize: 100, memorySize: 100 },
      { type: 1, flags: 6, offset: 0x2000, address: 0x102000, fileSize: 50, memorySize: 0x2345 },
    ])
  })

  it('accepts a segment that begins on the page after the one before', () => {
    assert.ok(parse(executable([TEXT, { ...DATA, address: 0x101000 }], ENTRY)).ok)
  })

  it('does not mind what an empty segment says', () => {
    const empty: Piece = { type: 1, flags: 7, address: 0x100000, bytes: new Uint8Array(0) }
    const spare: Piece = { ...empty, type: 0 }
    assert.ok(parse(executable([TEXT, spare], ENTRY)).ok)
    assert.equal(parse(executable([TEXT, empty], ENTRY)).ok, false)
  })

  const patched: [why: string, patch: Patch, error: ElfError][] = [
    ['another magic number', [3, 1, 0x47], 'not-elf'],
    ['32 bits', [4, 1, 1], 'wrong-kind'],
    ['big-endian fields', [5, 1, 2], 'wrong-kind'],
    ['another version', [6, 1, 2], 'wrong-kind'],
    ['a shared object', [16, 2, 3], 'wrong-kind'],
    ['another machine', [18, 2, 183], 'wrong-kind'],
    ['another version of the file', [20, 4, 2], 'wrong-kind'],
    ['a header of another size', [52, 2, 63], 'bad-header'],
    ['segment headers of another size', [54, 2, 57], 'bad-header'],
    ['a table inside the header', [32, 8, 63], 'bad-header'],
    ['a table behind every address', [32, 8, 2n ** 64n - 1n], 'bad-header'],
    ['a table that the file ends in', [32, 8, 0x2000], 'truncated'],
    ['too many segments', [56, 2, 65], 'too-many-segments'],
    ['a segment that the file ends before', [SECOND + 8, 8, 0x2001], 'truncated'],
    ['an offset whose end overflows', [SECOND + 8, 8, 2n ** 64n - 40n], 'bad-segment'],
    ['an address behind every other', [SECOND + 16, 8, 2n ** 64n - 0x1000n], 'bad-segment'],
    ['a size in memory that overflows', [SECOND + 40, 8, 2n ** 64n - 1n], 'bad-segment'],
    ['a size in memory below that in the file', [SECOND + 40, 8, 49], 'bad-segment'],
    ['a size in the file of a terabyte', [SECOND + 32, 8, 2n ** 41n], 'bad-segment'],
    ['a segment on the page of the one before', [SECOND + 16, 8, 0x100fff], 'overlap'],
    ['a segment below the one before', [SECOND + 16, 8, 0x80000], 'overlap'],
    ['a segment to write and execute', [SECOND + 4, 4, 3], 'writable-and-executable'],
    ['an entry before the text', [24, 8, 0xfffff], 'bad-entry'],
    ['an entry after the text', [24, 8, 0x100064], 'bad-entry'],
    ['an entry in the data', [24, 8, 0x102000], 'bad-entry'],
  ]
  for (const [why, patch, error] of patched) {
    it(`rejects ${why}`, () => {
      const elf = parse(executable([TEXT, DATA], ENTRY, [patch]))
      assert.equal(elf.ok ? 'accepted' : elf.error, error)
    })
  }

  it('rejects a file that ends anywhere before its last segment does', () => {
    const file = executable([TEXT, DATA], ENTRY)
    for (let length = 0; length < file.length; length++) {
      const elf = parse(file.subarray(0, length))
      assert.equal(elf.ok ? 'accepted' : elf.error, length < 4 ? 'not-elf' : 'truncated', `${length}`)
    }
  })
})
