import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hex } from '@mirage/bytes/hex'
import { done, err } from '@mirage/result'
import * as fc from 'fast-check'
import { type Options, emit, parse, size } from './options.ts'
import { Segment } from './segment.ts'

/** What is not told is absent. */
interface Told {
  readonly mss?: number
  readonly scale?: number
  readonly isSackPermitted?: boolean
  readonly stamps?: readonly [number, number]
  readonly sacks?: readonly number[]
}

function optionsOf({ stamps, sacks = [], ...told }: Told): Options {
  const options = Object.assign(new Segment(), told)
  if (stamps !== undefined)
    Object.assign(options, { hasTimestamps: true, tsVal: stamps[0], tsEcr: stamps[1] })
  options.sackCount = sacks.length / 2
  options.sacks.set(sacks)
  return options
}

function toldBy({
  mss,
  scale,
  isSackPermitted,
  hasTimestamps,
  tsVal,
  tsEcr,
  sackCount,
  sacks,
}: Options): Told {
  return {
    ...(mss > 0 && { mss }),
    ...(scale >= 0 && { scale }),
    ...(isSackPermitted && { isSackPermitted }),
    ...(hasTimestamps && { stamps: [tsVal, tsEcr] as const }),
    ...(sackCount > 0 && { sacks: [...sacks.subarray(0, 2 * sackCount)] }),
  }
}

function parsed(text: string): Told {
  const bytes = hex(text)
  const options = optionsOf({ mss: 1, scale: 9, isSackPermitted: true, stamps: [1, 2], sacks: [1, 2] })
  assert.deepEqual(parse(bytes, 0, bytes.length, options), done)
  return toldBy(options)
}

describe('options', () => {
  const accepted: [what: string, bytes: string, options: Told][] = [
    ['nothing', '', {}],
    ['an MSS', '02 04 05b4', { mss: 1460 }],
    ['a window scale between padding', '01 03 03 07 00', { scale: 7 }],
    ['a shift above 14 as 14', '03 03 0f', { scale: 14 }],
    [
      'what Linux sends first',
      '02 04 05b4 04 02 08 0a 00112233 00000000 01 03 03 07',
      { mss: 1460, scale: 7, isSackPermitted: true, stamps: [0x112233, 0] },
    ],
    ['what Linux sends then', '01 01 08 0a 00112233 ffffffff', { stamps: [0x112233, -1] }],
    ['timestamps in another place', '08 0a 00112233 00000001 01 01', { stamps: [0x112233, 1] }],
    [
      'blocks behind timestamps',
      '01 01 08 0a 00000001 00000002 01 01 05 12 00000003 00000004 00000005 80000000',
      { stamps: [1, 2], sacks: [3, 4, 5, -(2 ** 31)] },
    ],
    ['an MSS, and stops at the end of the list', '02 04 05b4 00 03 03 07', { mss: 1460 }],
    ['an MSS after one it does not know', 'fd 06 11223344 02 04 05b4', { mss: 1460 }],
    ['what is before a length of zero', '02 04 05b4 fd 00 03 03 07', { mss: 1460 }],
    ['what is before a length of one', '02 04 05b4 fd 01 03 03 07', { mss: 1460 }],
    ['what is before a length past the end', '02 04 05b4 fd 09 03 03 07', { mss: 1460 }],
    ['what is before a kind without a length', '02 04 05b4 03', { mss: 1460 }],
  ]
  for (const [what, bytes, options] of accepted)
    it(`reads ${what}`, () => assert.deepEqual(parsed(bytes), options))

  const rejected: [what: string, bytes: string, error: 'bad-mss' | 'bad-option'][] = [
    ['an MSS under 88', '02 04 0057', 'bad-mss'],
    ['an MSS of the wrong length', '02 03 05', 'bad-option'],
    ['a window scale of the wrong length', '03 04 07 00', 'bad-option'],
    ['a SACK-permitted of the wrong length', '04 03 00', 'bad-option'],
    ['blocks of half an edge', '05 0c 00000001 00000002 0000', 'bad-option'],
    ['no block', '05 02', 'bad-option'],
    ['a timestamp of the wrong length', '08 09 00112233 000000', 'bad-option'],
  ]
  for (const [what, bytes, error] of rejected)
    it(`rejects ${what}`, () => {
      const frame = hex(bytes)
      assert.deepEqual(parse(frame, 0, frame.length, optionsOf({})), err(error))
    })

  it('writes what it was told, padded to whole words', () => {
    const frame = new Uint8Array(10)
    emit(frame, 1, optionsOf({ mss: 1460, scale: 3 }))
    assert.equal(size(optionsOf({ mss: 1460, scale: 3 })), 8)
    assert.deepEqual(frame, hex('00 02 04 05b4 01 03 03 03 00'))
  })

  it('writes what it reads', () => {
    const edge = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    const told: fc.Arbitrary<Told> = fc.record(
      {
        mss: fc.integer({ min: 88, max: 65_535 }),
        scale: fc.nat(14),
        isSackPermitted: fc.constant(true),
        stamps: fc.tuple(edge, edge),
        sacks: fc.constantFrom([1, 2], [-1, 5, 7, -(2 ** 31)]),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(told, (each) => {
        const options = optionsOf(each)
        const frame = new Uint8Array(size(options))
        assert.equal(frame.length % 4, 0)
        emit(frame, 0, options)
        const read = optionsOf({})
        assert.deepEqual(parse(frame, 0, frame.length, read), done)
        assert.deepEqual(toldBy(read), { ...each })
      }),
    )
  })

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        parse(bytes, 0, bytes.length, optionsOf({}))
      }),
    )
  })
})
