import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as date from './date.ts'

// The three forms of one instant: RFC 9110 §5.6.7.
const INSTANT = 784111777000

describe('date', () => {
  it('is written as the RFC wants it', () => {
    assert.equal(date.format(INSTANT + 999), 'Sun, 06 Nov 1994 08:49:37 GMT')
    assert.equal(date.format(0), 'Thu, 01 Jan 1970 00:00:00 GMT')
  })

  for (const text of [
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
  ]) {
    it(`is read from ${text}`, () => assert.equal(date.parse(text), INSTANT))
  }

  it('of two digits is of this century where it must be', () => {
    assert.equal(date.parse('Tuesday, 06-Nov-29 08:49:37 GMT'), Date.UTC(2029, 10, 6, 8, 49, 37))
  })

  const none = [
    '',
    '0',
    '784111777',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 CET',
    'Sun, 32 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nix 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:49:37 GMT',
    'Sun, 06 Nov 1994 08:60:37 GMT',
    '1994-11-06T08:49:37Z',
  ]
  for (const text of none) it(`is not read from "${text}"`, () => assert.equal(date.parse(text), undefined))
})
