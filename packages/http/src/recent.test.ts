import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as latin1 from './latin1.ts'
import { LIMITS } from './limits.ts'
import { Head } from './parse.ts'
import { Recent } from './recent.ts'

const TEXT = 'GET /a?b HTTP/1.1\r\nhost: c\r\n\r\n'

/** What remembers the head that `text` begins with, behind `before` bytes of something else. */
function remembering(text: string, before = 0): { recent: Recent; head: Head } {
  const [recent, head] = [new Recent(), new Head()]
  const bytes = latin1.encode('x'.repeat(before) + text)
  assert.equal(head.parse(bytes, before, bytes.length, LIMITS), 'done')
  recent.keep(bytes, before, head)
  return { recent, head }
}

function found(recent: Recent, text: string): Head | undefined {
  const bytes = latin1.encode(text)
  return recent.find(bytes, 0, bytes.length)
}

describe('the head of before', () => {
  it('is found where the same bytes come again, whatever follows them', () => {
    const { recent, head } = remembering(TEXT, 5)
    assert.equal(found(recent, TEXT), head)
    assert.equal(found(recent, `${TEXT}GET`), head)
  })

  it('is not found where a byte differs, or one is missing', () => {
    const { recent } = remembering(TEXT)
    for (let i = 0; i < TEXT.length; i++) {
      assert.equal(found(recent, TEXT.slice(0, i)), undefined)
      assert.equal(found(recent, `${TEXT.slice(0, i)}\0${TEXT.slice(i + 1)}`), undefined)
    }
  })

  it('is nothing at first, and nothing that is long', () => {
    assert.equal(found(new Recent(), TEXT), undefined)
    const long = `GET / HTTP/1.1\r\nhost: c\r\nlong: ${'d'.repeat(1024)}\r\n\r\n`
    assert.equal(found(remembering(long).recent, long), undefined)
  })
})
