import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { type AssembleError, type ImageError, assemble, readImage } from './image.ts'
import { type Device, emitManifest, parseManifest } from './manifest.ts'
import { ABI, DATA, EMPTY_MANIFEST, MANIFEST, PROGRAM, SPARE, TEXT } from './testing/files.ts'
import { base, executable, note, words } from './testing/files.ts'
import { mutate } from './testing/mutations.ts'

const CODE = Uint8Array.from({ length: 5000 }, (_, index) => index * 31)
const DEVICES: readonly Device[] = [
  { name: 'service', type: 'NET_BASIC' },
  { name: 'storage', type: 'BLOCK_BASIC' },
]

function assembled(from: Uint8Array, devices: readonly Device[] = DEVICES): Uint8Array {
  const image = assemble(from, CODE, devices)
  assert.ok(image.ok)
  return image.value
}

describe('an image', () => {
  it('says what was put into it', () => {
    const read = readImage(assembled(base()))
    assert.ok(read.ok)
    assert.deepEqual(read.value.abi, { target: 'spt', version: 2 })
    assert.deepEqual(read.value.devices, DEVICES)
    assert.deepEqual(read.value.program, { address: 0x105000, size: CODE.length })
  })

  it('has its program on a page of its own after all else, to read only', () => {
    const file = assembled(base())
    const read = readImage(file)
    assert.ok(read.ok)
    const { offset, ...segment } = read.value.segments.at(-1)!
    assert.deepEqual(segment, {
      type: 1,
      flags: 4,
      address: 0x105000,
      fileSize: CODE.length,
      memorySize: CODE.length,
    })
    assert.equal(offset % 0x1000, 0)
    assert.deepEqual(file.subarray(offset), CODE)
  })

  it('is the same every time, and leaves the base as it was', () => {
    const from = base()
    assert.deepEqual(assembled(from), assembled(from))
    assert.deepEqual(from, base())
  })

  it('has room for 63 devices', () => {
    const devices = Array.from(
      { length: 63 },
      (_, index): Device => ({ name: `d${index}`, type: 'NET_BASIC' }),
    )
    const read = readImage(assembled(base(), devices))
    assert.deepEqual(read.ok && read.value.devices, devices)
  })

  it('changes nothing of the base but its notes and its last segment', () => {
    const [from, file] = [base(), assembled(base())]
    const changed = [...from.keys()].filter((index) => from[index] !== file[index])
    const last = 64 + 5 * 56
    assert.ok(changed.every((index) => (index >= last && index < last + 56) || index >= 0x2032))
  })

  const refused: [why: string, base: Uint8Array, error: AssembleError][] = [
    ['what is an image already', assembled(base()), 'no-base'],
    ['a base without a spare segment', executable([TEXT, DATA, ABI, MANIFEST, PROGRAM], 0x100000), 'no-base'],
    [
      'a base that does not say where a program goes',
      executable([TEXT, ABI, MANIFEST, SPARE], 0x100000),
      'no-base',
    ],
    ['a base without an ABI', executable([TEXT, MANIFEST, PROGRAM, SPARE], 0x100000), 'no-abi'],
    ['a base without a manifest', executable([TEXT, ABI, PROGRAM, SPARE], 0x100000), 'no-manifest'],
    [
      'a base without room for the devices',
      executable(
        [TEXT, ABI, { ...MANIFEST, bytes: note('Solo5', 0x3154464d, EMPTY_MANIFEST, 340) }, PROGRAM, SPARE],
        0x100000,
      ),
      'no-base',
    ],
  ]
  for (const [why, file, error] of refused) {
    it(`is not made of ${why}`, () => {
      const image = assemble(file, CODE, DEVICES)
      assert.equal(image.ok ? 'made' : image.error, error)
    })
  }

  it('is not made without a program', () => {
    assert.equal(assemble(base(), new Uint8Array(0), []).ok, false)
  })

  const wrong: [why: string, pieces: Parameters<typeof executable>[0], error: ImageError][] = [
    [
      'a target that is none',
      [TEXT, { ...ABI, bytes: note('Solo5', 0x31494241, words(7, 1, 0, 0)) }, MANIFEST],
      'bad-abi',
    ],
    [
      'an ABI note of another size',
      [TEXT, { ...ABI, bytes: note('Solo5', 0x31494241, words(2, 2, 0)) }, MANIFEST],
      'bad-abi',
    ],
    [
      'a note of another name',
      [TEXT, { ...ABI, bytes: note('Solo6', 0x31494241, words(2, 2, 0, 0)) }, MANIFEST],
      'no-abi',
    ],
    [
      'a note that is larger than its segment',
      [TEXT, ABI, { ...MANIFEST, bytes: MANIFEST.bytes.subarray(0, 120) }],
      'bad-manifest',
    ],
    ['a manifest at an odd place', [TEXT, ABI, { ...MANIFEST, address: 0x101024 }], 'bad-manifest'],
    ['a program where nothing is loaded', [TEXT, ABI, MANIFEST, programAt(0x200000, 10)], 'bad-program'],
    [
      'a program in memory that can be written',
      [TEXT, DATA, ABI, MANIFEST, programAt(0x102000, 10)],
      'bad-program',
    ],
    ['a program that can be executed', [TEXT, ABI, MANIFEST, programAt(0x100000, 10)], 'bad-program'],
    [
      'a program note of another size',
      [TEXT, ABI, MANIFEST, { ...PROGRAM, bytes: note('Mirage', 1, words(0, 0)) }],
      'bad-program',
    ],
  ]
  for (const [why, pieces, error] of wrong) {
    it(`is rejected with ${why}`, () => {
      const image = readImage(executable(pieces, 0x100000))
      assert.equal(image.ok ? 'accepted' : image.error, error)
    })
  }

  it('is read or rejected, and never throws, whatever is changed in it', () => {
    const files = [base(), assembled(base())]
    for (let seed = 0; seed < 3000; seed++) {
      const file = mutate(files[seed % 2]!, seed)
      readImage(file)
      assemble(file, CODE, DEVICES)
    }
  })

  it('is not made of arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => !readImage(bytes).ok))
  })
})

describe('a base of the build', () => {
  for (const target of ['spt', 'virtio']) {
    const file = fileURLToPath(new URL(`../../engine-quickjs/dist/base-${target}.elf`, import.meta.url))
    it(`becomes an image: ${target}`, { skip: !existsSync(file) && `${file} was not built` }, () => {
      const read = readImage(assembled(readFileSync(file)))
      assert.ok(read.ok)
      assert.equal(read.value.abi.target, target)
      assert.deepEqual(read.value.devices, DEVICES)
    })
  }
})

function programAt(address: number, size: number): typeof PROGRAM {
  return { ...PROGRAM, bytes: note('Mirage', 1, words(0, address, 0, size, 0)) }
}

describe('a manifest', () => {
  // Solo5's own tool wrote the fields of this one, for one network.
  it('is laid out as the public ABI has it', () => {
    const content = emitManifest([{ name: 'net0', type: 'NET_BASIC' }])
    const view = new DataView(content.buffer)
    assert.equal(content.length, 4 + 8 + 2 * 104)
    assert.deepEqual([view.getUint32(4, true), view.getUint32(8, true)], [1, 2])
    assert.equal(view.getUint32(12 + 68, true), 1 << 30)
    assert.equal(new TextDecoder().decode(content.subarray(116, 121)), 'net0\0')
    assert.equal(view.getUint32(116 + 68, true), 2)
    assert.ok(content.subarray(116 + 72).every((byte) => byte === 0))
  })

  it('is what it was before it was written', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9]{1,67}$/)
    const type = fc.constantFrom('NET_BASIC' as const, 'BLOCK_BASIC' as const)
    const devices = fc.uniqueArray(
      fc.record({ name, type }).map((each): Device => ({ ...each })),
      { maxLength: 63, selector: (each) => each.name },
    )
    fc.assert(
      fc.property(devices, (all) => {
        assert.deepEqual(parseManifest(emitManifest(all)), { ok: true, value: all })
      }),
    )
  })

  const one = emitManifest([
    { name: 'a', type: 'NET_BASIC' },
    { name: 'b', type: 'BLOCK_BASIC' },
  ])
  const patches: [why: string, offset: number, value: number][] = [
    ['another version', 4, 2],
    ['no entries', 8, 0],
    ['one entry more than there are', 8, 4],
    ['more entries than any has', 11, 0xff],
    ['a first entry that is not reserved', 12 + 71, 0],
    ['a first entry with a name', 12, 0x61],
    ['a device without a name', 116, 0],
    ['a name with a dash', 116, 0x2d],
    ['a name with something after its end', 116 + 60, 1],
    ['two devices of one name', 220, 0x61],
    ['a type that is none', 116 + 68, 3],
    ['a second reserved entry', 116 + 71, 0x40],
  ]
  for (const [why, offset, value] of patches) {
    it(`is rejected with ${why}`, () => {
      const content = one.slice()
      content[offset] = value
      assert.equal(parseManifest(content).ok, false)
    })
  }

  it('is rejected with a name that has no end', () => {
    const content = one.slice()
    content.fill(0x61, 116, 116 + 68)
    assert.equal(parseManifest(content).ok, false)
  })

  it('cannot be written with a name, or a number of devices, that it cannot have', () => {
    const device = (name: string): Device => ({ name, type: 'NET_BASIC' })
    for (const name of ['', 'a-b', 'a'.repeat(68), 'é']) assert.throws(() => emitManifest([device(name)]))
    assert.throws(() => emitManifest([device('a'), device('a')]))
    assert.throws(() => emitManifest(Array.from({ length: 64 }, (_, index) => device(`d${index}`))))
  })
})
