import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { kindOf, plateauBelow } from './errors.ts'

describe('the kind of an error', () => {
  // The codes of RFC 792, RFC 1122 §3.2.2.1 and RFC 1812 §5.2.7.1.
  const kinds: [kind: string, type: number, codes: number[]][] = [
    ['net-unreachable', 3, [0, 5, 6, 11]],
    ['host-unreachable', 3, [1, 7, 8, 12]],
    ['protocol-unreachable', 3, [2]],
    ['port-unreachable', 3, [3]],
    ['too-big', 3, [4]],
    ['prohibited', 3, [9, 10, 13, 14, 15]],
    ['time-exceeded', 11, [0]],
    ['reassembly-timeout', 11, [1]],
    ['parameter-problem', 12, [0, 1, 2]],
  ]
  for (const [kind, type, codes] of kinds) {
    it(`is ${kind} for type ${type} with code ${codes.join(', ')}`, () => {
      for (const code of codes) assert.equal(kindOf(type, code), kind)
    })
  }

  it('is none for what is no error, or one that is ignored', () => {
    for (const type of [0, 4, 5, 8, 9, 10, 13, 14, 255]) assert.equal(kindOf(type, 0), undefined)
    assert.equal(kindOf(3, 16), undefined)
  })
})

describe('the MTU of a link that does not say it', () => {
  it('is that of the usual link below the packet', () => {
    for (const [length, mtu] of [
      [65_535, 32_000],
      [1500, 1492],
      [1492, 1006],
      [576, 508],
      [296, 68],
      [69, 68],
      [20, 68],
    ] as const)
      assert.equal(plateauBelow(length), mtu)
  })
})
