import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { concat, equal, getU16, getU32, setU16, setU32 } from './bytes.ts'

describe('bytes', () => {
  it('keeps the most significant byte first', () => {
    const bytes = new Uint8Array(8).fill(0xa5)
    setU16(bytes, 1, 0x8001)
    setU32(bytes, 3, 0xfedc_ba98)
    assert.deepEqual(bytes, Uint8Array.of(0xa5, 0x80, 0x01, 0xfe, 0xdc, 0xba, 0x98, 0xa5))
    assert.equal(getU16(bytes, 1), 0x8001)
    assert.equal(getU32(bytes, 3), 0xfedc_ba98)
  })

  it('finds bytes equal by length and content', () => {
    assert.ok(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2)))
    assert.ok(equal(new Uint8Array(), new Uint8Array()))
    assert.ok(!equal(Uint8Array.of(1, 2), Uint8Array.of(1, 3)))
    assert.ok(!equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 3)))
  })

  it('joins parts into memory of its own', () => {
    const part = Uint8Array.of(1, 2)
    const whole = concat([part, new Uint8Array(), Uint8Array.of(3)])
    part[0] = 9
    assert.deepEqual(whole, Uint8Array.of(1, 2, 3))
  })
})
