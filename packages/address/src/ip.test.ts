import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ip from './ip.ts'
import { address } from './testing/literals.ts'

function cidr(text: string): ip.Cidr {
  const parsed = ip.parseCidr(text)
  assert.ok(parsed.ok, text)
  return parsed.value
}

describe('a prefix of either family', () => {
  for (const text of ['10.0.0.0/8', '0.0.0.0/0', '2001:db8::/32', '::/0']) {
    it(`is read from "${text}", and shown so`, () => assert.equal(ip.formatCidr(cidr(text)), text))
  }

  for (const text of ['10.0.0.0/33', 'fd00::/129', 'fd00::', '']) {
    it(`is not read from "${text}"`, () => assert.equal(ip.parseCidr(text).ok, false))
  }

  const cases: readonly [prefix: string, address: string, isIn: boolean][] = [
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['0.0.0.0/0', '::', false],
    ['::/0', '0.0.0.0', false],
  ]
  for (const [prefix, text, isIn] of cases) {
    it(`${prefix} ${isIn ? 'has' : 'has not'} ${text}`, () =>
      assert.equal(ip.contains(cidr(prefix), address(text)), isIn))
  }
})
