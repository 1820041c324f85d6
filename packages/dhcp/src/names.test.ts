import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hex } from '@mirage/bytes/hex'
import * as fc from 'fast-check'
import * as names from './names.ts'

/** Of a text, in hexadecimal, with its length. */
const label = (text: string): string => Buffer.from([text.length, ...Buffer.from(text)]).toString('hex')

describe('names in an option', () => {
  it('are read as in the example of RFC 3397 §2, compressed', () => {
    const value = hex(`${label('eng')}${label('apple')}${label('com')}00 ${label('marketing')}c004`)
    assert.deepEqual(names.parse(value), ['eng.apple.com', 'marketing.apple.com'])
  })

  it('are written one after the other', () => {
    assert.deepEqual(
      names.emit(['a.example', 'b.']),
      hex(`${label('a')}${label('example')}00 ${label('b')}00`),
    )
  })

  const refused: [what: string, value: string][] = [
    ['none', ''],
    ['the root', '00'],
    ['one without an end', label('eng')],
    ['a label without an end', '05616263'],
    ['a pointer to itself', `${label('a')}c002`],
    ['a pointer ahead', `${label('a')}c008 00 ${label('b')}00`],
    ['a pointer that leads to itself over another', `${label('a')}c000`],
    ['half a pointer', `${label('a')}00 ${label('b')}c0`],
    ['a label of no kind', `40${'61'.repeat(64)}00`],
    ['a letter that no host has', `${label('a b')}00`],
    ['a hyphen in front', `${label('-a')}00`],
    ['a name of 254 letters', `${label('a'.repeat(49)).repeat(5)}${label('aaaa')}00`],
  ]
  for (const [what, value] of refused) {
    it(`are refused: ${what}`, () => assert.equal(names.parse(hex(value)), undefined))
  }

  it('are sixteen at most', () => {
    assert.equal(names.parse(hex(`${label('a')}00`.repeat(40)))?.length, 16)
  })

  it('leave out what is no name when they are written', () => {
    assert.deepEqual(names.emit(['', 'a..b', 'x'.repeat(64), 'ok', 'ü']), hex(`${label('ok')}00`))
  })

  it('never make parse throw or hang, whatever the bytes', () => {
    const pieces = fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      fc.constantFrom(hex('c000'), hex('c001'), hex('0161'), hex('00')),
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
        const found = names.parse(Uint8Array.from(parts.flatMap((part) => [...part])))
        assert.ok(found === undefined || found.every((name) => name.length <= 253))
      }),
    )
  })
})
