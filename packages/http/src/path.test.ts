import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { keyOf } from './path.ts'

const good: [path: string, segments: string[]][] = [
  ['/', []],
  ['/a', ['a']],
  ['/a/', ['a']],
  ['/a/b.html', ['a', 'b.html']],
  ['/%61', ['a']],
  ['/a%20b+c', ['a b+c']],
  ['/%C3%a9%E2%82%AC%F0%9F%98%80', ['é€😀']],
  ['/%2561', ['%61']],
  ['/%252e%252e/a', ['%2e%2e', 'a']],
  ['/...', ['...']],
  ['/.well-known/a', ['.well-known', 'a']],
  ['/a:b@c;d=e', ['a:b@c;d=e']],
]

const refused: string[] = [
  '//',
  '//evil.example/',
  '/a//b',
  '/a//',
  '/.',
  '/..',
  '/../a',
  '/a/..',
  '/a/../b',
  '/a/./b',
  '/%2e',
  '/%2e%2e/a',
  '/.%2E/a',
  '/a%2fb',
  '/a%2Fb',
  '/..%2fa',
  '/a\\b',
  '/..\\a',
  '/a%5cb',
  '/..%5Ca',
  '/%00',
  '/a%00.html',
  '/a%0d%0ab',
  '/a%7f',
  '/%',
  '/%4',
  '/%4g',
  '/%%34',
  '/%u0041',
  '/%c0%ae%c0%ae/a',
  '/%c0%af',
  '/%ff',
  '/%e2%82',
  '/%ed%a0%80',
  '/%ef%bf%bd',
]

describe('path', () => {
  for (const [path, segments] of good) {
    it(`reads ${path}`, () => assert.deepEqual(keyOf(path), segments))
  }
  for (const path of refused) {
    it(`refuses ${path}`, () => assert.equal(keyOf(path), undefined))
  }

  it('gives segments that no store can take for a way out, whatever the path', () => {
    const piece = fc.constantFrom(
      '.',
      '..',
      '/',
      '\\',
      '%2e',
      '%2f',
      '%5c',
      '%00',
      '%25',
      '2e',
      'a',
      '%',
      '%c0',
      '%ae',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        for (const segment of keyOf(`/${pieces.join('')}`) ?? []) {
          // oxlint-disable-next-line no-control-regex -- what must not be there is a control character
          assert.doesNotMatch(segment, /^\.{0,2}$|[/\\\x00-\x1f]/)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
