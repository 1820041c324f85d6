import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hex } from '@mirage/bytes/hex'
import { done, err } from '@mirage/result'
import * as fc from 'fast-check'
import { type Options, emit, parse, size } from './options.ts'

function parsed(text: string): Options {
  const bytes = hex(text)
  const options = { mss: -1, scale: 9 }
  assert.deepEqual(parse(bytes, 0, bytes.length, options), done)
  return options
}

describe('the options of a SYN', () => {
  const accepted: [what: string, bytes: string, options: Options][] = [
    ['nothing', '', { mss: 0, scale: -1 }],
    ['an MSS', '02 04 05b4', { mss: 1460, scale: -1 }],
    ['a window scale between padding', '01 03 03 07 00', { mss: 0, scale: 7 }],
    ['a shift above 14 as 14', '03 03 0f', { mss: 0, scale: 14 }],
    ['what Linux sends', '02 04 05b4 04 02 08 0a 00112233 00000000 01 03 03 07', { mss: 1460, scale: 7 }],
    ['an MSS, and stops at the end of the list', '02 04 05b4 00 03 03 07', { mss: 1460, scale: -1 }],
    ['an MSS after one it does not know', 'fd 06 11223344 02 04 05b4', { mss: 1460, scale: -1 }],
    ['what is before a length of zero', '02 04 05b4 fd 00 03 03 07', { mss: 1460, scale: -1 }],
    ['what is before a length of one', '02 04 05b4 fd 01 03 03 07', { mss: 1460, scale: -1 }],
    ['what is before a length past the end', '02 04 05b4 fd 09 03 03 07', { mss: 1460, scale: -1 }],
    ['what is before a kind without a length', '02 04 05b4 03', { mss: 1460, scale: -1 }],
  ]
  for (const [what, bytes, options] of accepted)
    it(`reads ${what}`, () => assert.deepEqual(parsed(bytes), options))

  const rejected: [what: string, bytes: string, error: 'bad-mss' | 'bad-option'][] = [
    ['an MSS under 88', '02 04 0057', 'bad-mss'],
    ['an MSS of the wrong length', '02 03 05', 'bad-option'],
    ['a window scale of the wrong length', '03 04 07 00', 'bad-option'],
    ['a SACK-permitted of the wrong length', '04 03 00', 'bad-option'],
    ['a timestamp of the wrong length', '08 09 00112233 000000', 'bad-option'],
  ]
  for (const [what, bytes, error] of rejected)
    it(`rejects ${what}`, () => {
      const frame = hex(bytes)
      assert.deepEqual(parse(frame, 0, frame.length, { mss: 0, scale: 0 }), err(error))
    })

  it('writes what it was told, padded to whole words', () => {
    const frame = new Uint8Array(10)
    emit(frame, 1, { mss: 1460, scale: 3 })
    assert.equal(size({ mss: 1460, scale: 3 }), 8)
    assert.deepEqual(frame, hex('00 02 04 05b4 01 03 03 03 00'))
  })

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        parse(bytes, 0, bytes.length, { mss: 0, scale: 0 })
      }),
    )
  })
})
