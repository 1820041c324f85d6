import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Response, plain, text } from './http.ts'
import * as latin1 from './latin1.ts'

function headOf(response: Response): string {
  return latin1.decode(response.head, 0, response.head.length)
}

describe('response', () => {
  it('has its fields in order, lists as several fields, and its length', () => {
    const fields = { 'X-b': '1', 'set-cookie': ['a=1', 'b=2'], a: 'é\t"' }
    assert.equal(
      headOf(new Response(200, fields, 'ä')),
      'HTTP/1.1 200 OK\r\nX-b: 1\r\nset-cookie: a=1\r\nset-cookie: b=2\r\na: é\t"\r\ncontent-length: 2\r\n\r\n'.slice(
        0,
        -2,
      ),
    )
  })

  it('needs no name for its status', () => {
    assert.match(headOf(plain(299)), /^HTTP\/1\.1 299 \r\n/)
    assert.match(headOf(text(200, 'a', { 'Content-Type': 'x' })), /\r\nContent-Type: x\r\n/)
  })

  const bad: [what: string, make: () => Response][] = [
    ['an interim status', () => new Response(101)],
    ['a status that is none', () => new Response(600)],
    ['a status with a fraction', () => new Response(200.5)],
    ['an empty name', () => new Response(200, { '': 'a' })],
    ['a name with a space', () => new Response(200, { 'a b': 'c' })],
    ['a name with a colon', () => new Response(200, { 'a:': 'c' })],
    ['a value with a line', () => new Response(200, { a: 'b\r\nc: d' })],
    ['a value with LF', () => new Response(200, { a: 'b\nc' })],
    ['a value with NUL', () => new Response(200, { a: '\0' })],
    ['a value that is no latin1', () => new Response(200, { a: '€' })],
    ['a length of its own', () => new Response(200, { 'Content-Length': '5' })],
    ['an encoding of its own', () => new Response(200, { 'transfer-encoding': 'chunked' })],
    ['a connection of its own', () => new Response(200, { connection: 'close' })],
    ['a date of its own', () => new Response(200, { Date: 'today' })],
    ['a head of 33 KiB', () => new Response(200, { a: 'b'.repeat(33_000) })],
  ]
  for (const [what, make] of bad) it(`cannot have ${what}`, () => assert.throws(make))
})
