import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { encode } from '@mirage/bytes/utf8'
import { parseForm } from './form-parse.ts'

/** A form of one part, with `fields` before its own. */
function formWith(fields: string): ReturnType<typeof parseForm> {
  const text = `--x\r\n${fields}Content-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n`
  return parseForm(encode(text), 'multipart/form-data; boundary=x')
}

describe('a form of parts', () => {
  it('has fields of a part up to 16 KiB, and is none above', () => {
    assert.equal(formWith(`A: ${'b'.repeat(16_000)}\r\n`)?.get('a'), 'b')
    assert.equal(formWith(`A: ${'b'.repeat(17_000)}\r\n`), undefined)
  })

  const hostile = ['\r', '\r\n--', '; ', ' ', 'name="', 'content-type: ']
  for (const piece of hostile) {
    it(`is read in one go, however often ${JSON.stringify(piece)} is in it`, () => {
      const begin = process.cpuUsage().user
      formWith(piece.repeat(200_000 / piece.length))
      formWith(`content-disposition:form-data;${piece.repeat(16_000 / piece.length)}x\r\n`)
      // In more than one go it takes far longer, on any machine.
      assert.ok(process.cpuUsage().user - begin < 5_000_000)
    })
  }
})
