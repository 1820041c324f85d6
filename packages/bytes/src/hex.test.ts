import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { err, ok } from '@mirage/result'
import { format, hex, parse } from './hex.ts'

describe('hex', () => {
  it('reads pairs of digits in either case', () => {
    assert.deepEqual(parse('00ffAb09'), ok(Uint8Array.of(0, 255, 171, 9)))
    assert.deepEqual(parse(''), ok(new Uint8Array()))
  })

  for (const text of ['0', '0g', '00 11', '0x00', '00\n']) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.deepEqual(parse(text), err('bad-hex')))
  }

  it('writes lower case with leading zeros', () => {
    assert.equal(format(Uint8Array.of(0, 1, 15, 16, 255)), '00010f10ff')
  })

  it('lets a reader have spaces, and nothing else', () => {
    assert.deepEqual(hex(' 01 02\n03 '), Uint8Array.of(1, 2, 3))
    assert.throws(() => hex('01-02'), /hex digits/)
  })
})
