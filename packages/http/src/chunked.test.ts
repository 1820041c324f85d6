import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { Chunked } from './chunked.ts'
import * as latin1 from './latin1.ts'

/** Reads `text` in pieces that end at each of `cuts`: the data, how it ended, and what was read. */
function read(
  text: string,
  cuts: readonly number[] = [],
  sizeMax = 100,
): { data: string; state: string; at: number } {
  const chunked = new Chunked(sizeMax)
  const bytes = latin1.encode(text)
  let data = ''
  let at = 0
  let state = 'more'
  for (const end of [...cuts, bytes.length]) {
    do {
      state = chunked.step(bytes, at, end)
      at = chunked.at
      if (state === 'data') data += latin1.decode(bytes, chunked.dataStart, at)
    } while (state === 'data')
    if (state !== 'more') break
  }
  return { data, state, at }
}

const good: [what: string, text: string, data: string][] = [
  ['no data', '0\r\n\r\n', ''],
  ['one chunk', '5\r\nhello\r\n0\r\n\r\n', 'hello'],
  ['two chunks and zeros before a size', '2\r\nhe\r\n003\r\nllo\r\n00\r\n\r\n', 'hello'],
  ['a size in either case', `A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n`, '01234567890123456789'],
  ['data that looks like chunks', '7\r\n0\r\n\r\n0\r\r\n0\r\n\r\n', '0\r\n\r\n0\r'],
  ['extensions', '5;a=b;c="d e"\r\nhello\r\n0;x\r\n\r\n', 'hello'],
  ['trailers', '5\r\nhello\r\n0\r\nContent-Length: 99\r\nb:\r\n\r\n', 'hello'],
]

const refused: [what: string, text: string, state: string][] = [
  ['no size', '\r\n', 'malformed'],
  ['a size of no digits', 'x\r\n', 'malformed'],
  ['a size with 0x', '0x5\r\nhello\r\n', 'malformed'],
  ['a size with a sign', '+5\r\nhello\r\n', 'malformed'],
  ['a negative size', '-1\r\n', 'malformed'],
  ['a space before the size', ' 5\r\nhello\r\n', 'malformed'],
  ['a space after the size', '5 \r\nhello\r\n', 'malformed'],
  ['LF after the size', '5\nhello\r\n', 'malformed'],
  ['CR alone after the size', '5\rhello\r\n', 'malformed'],
  ['LF in an extension', '5;a\nhello\r\n', 'malformed'],
  ['NUL in an extension', '5;\0\r\nhello\r\n', 'malformed'],
  ['a size without an end', '00000000000001\r\na', 'malformed'],
  ['a size that wraps', 'ffffffffffffffff1\r\n', 'malformed'],
  ['data that is longer than its size', '5\r\nhello!\r\n', 'malformed'],
  ['data that ends in LF', '5\r\nhello\n0\r\n\r\n', 'malformed'],
  ['data that ends in CR alone', '5\r\nhello\r0\r\n\r\n', 'malformed'],
  ['a trailer without a colon', '0\r\nabc\r\n\r\n', 'malformed'],
  ['a trailer without a name', '0\r\n: c\r\n\r\n', 'malformed'],
  ['a trailer that goes on', '0\r\na: b\r\n c\r\n\r\n', 'malformed'],
  ['LF for the last line', '0\r\n\n', 'malformed'],
  ['CR alone for the last line', '0\r\n\rX', 'malformed'],
  ['more data than allowed', 'ff\r\n', 'too-large'],
  ['more data than allowed in parts', `64\r\n${'a'.repeat(100)}\r\n1\r\n`, 'too-large'],
  ['extensions without an end', `5;${'a'.repeat(9000)}`, 'too-large'],
  ['many extensions', `1;${'a'.repeat(300)}\r\nb\r\n`.repeat(30), 'too-large'],
  ['trailers without an end', `0\r\n${'a: b\r\n'.repeat(3000)}`, 'too-large'],
]

describe('chunked', () => {
  for (const [what, text, data] of good) {
    it(`reads ${what}, wherever it is cut, and nothing after it`, () => {
      for (let cut = 0; cut <= text.length; cut++) {
        assert.deepEqual(read(`${text}GET /`, [cut]), { data, state: 'end', at: text.length })
      }
    })
  }

  for (const [what, text, state] of refused) {
    it(`refuses ${what}`, () => {
      assert.equal(read(text).state, state)
      for (let cut = 0; cut < Math.min(text.length, 50); cut++) assert.equal(read(text, [cut]).state, state)
    })
  }

  it('takes as much data as allowed', () => {
    assert.equal(read(`64\r\n${'a'.repeat(100)}\r\n0\r\n\r\n`).state, 'end')
  })

  it('reads back what was cut into chunks, whatever the chunks and the cuts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 9, unit: 'binary-ascii' }), { maxLength: 9 }),
        fc.array(fc.nat(80)),
        (parts, cuts) => {
          const text = `${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`
          const ordered = cuts.filter((cut) => cut < text.length).sort((a, b) => a - b)
          assert.deepEqual(read(text, ordered), { data: parts.join(''), state: 'end', at: text.length })
        },
      ),
    )
  })
})
