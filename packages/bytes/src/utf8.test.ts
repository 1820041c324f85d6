import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { hex } from './hex.ts'
import * as utf8 from './utf8.ts'

describe('utf8', () => {
  const texts: [text: string, bytes: string][] = [
    ['', ''],
    ['hello', '68656c6c6f'],
    // RFC 3629 §7
    ['A\u2262\u0391.', '41 e289a2 ce91 2e'],
    ['\ud55c\uad6d\uc5b4', 'ed959c eab5ad ec96b4'],
    ['\ufeff\u{233b4}', 'efbbbf f0a38eb4'],
    // The first and last of each length
    ['\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}', 'c280 dfbf e0a080 efbfbf f0908080 f48fbfbf'],
    ['\ud7ff\ue000\uffff\u00e9', 'ed9fbf ee8080 efbfbf c3a9'],
  ]
  for (const [text, bytes] of texts) {
    it(`writes and reads ${JSON.stringify(text)}`, () => {
      assert.deepEqual(utf8.encode(text), hex(bytes))
      assert.equal(utf8.length(text), hex(bytes).length)
      assert.equal(utf8.decode(hex(bytes)), text)
    })
  }

  it('writes U+FFFD for half a surrogate pair', () => {
    assert.deepEqual(utf8.encode('a\ud800b\udfff\udc00'), hex('61 efbfbd 62 efbfbd efbfbd'))
  })

  const broken: [why: string, bytes: string, text: string][] = [
    ['a continuation alone', '80 41', '\ufffdA'],
    ['a character cut short by the end', 'e289', '\ufffd'],
    ['a character cut short by another', 'e289 41', '\ufffdA'],
    ['overlong forms, byte by byte', 'c0af e09f80 f08080', '\ufffd'.repeat(8)],
    ['a surrogate, byte by byte', 'eda080', '\ufffd'.repeat(3)],
    ['what is above U+10FFFF', 'f4908080', '\ufffd'.repeat(4)],
    ['bytes that never occur', 'f5 ff', '\ufffd\ufffd'],
    // Unicode 15, table 3-11
    [
      'the truncated sequences of the Unicode standard',
      'e180 e2 f09192 f1bf 41',
      '\ufffd\ufffd\ufffd\ufffdA',
    ],
  ]
  for (const [why, bytes, text] of broken) {
    it(`replaces ${why}`, () => assert.equal(utf8.decode(hex(bytes)), text))
  }

  it('agrees with the Encoding standard on all text and all bytes', () => {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    const lead = fc.constantFrom(0x41, 0x80, 0xbf, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xa0, 0x9f, 0x90, 0x8f)
    const bytes = fc.array(fc.oneof(lead, fc.nat(255)), { maxLength: 40 })
    fc.assert(
      fc.property(bytes, (list) => {
        const array = Uint8Array.from(list)
        assert.equal(utf8.decode(array), decoder.decode(array))
      }),
      { numRuns: 3000 },
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (a, b) => {
        assert.deepEqual(utf8.encode(a + b), new TextEncoder().encode(a + b))
      }),
    )
  })

  it('reads texts longer than an engine takes in one call', () => {
    const text = 'aé€😀'.repeat(100_000)
    assert.equal(utf8.decode(utf8.encode(text)), text)
  })
})
