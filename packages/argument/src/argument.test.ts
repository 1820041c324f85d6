import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import { err, ok } from '@mirage/result'
import * as argument from './argument.ts'
import { clash, optionName } from './option.ts'

const doc = 'A test.'

describe('an argument', () => {
  const read: [what: string, argument: argument.Argument<unknown>, words: string[], value: unknown][] = [
    ['text', argument.text({ doc }), [' a b '], ok(' a b ')],
    ['an integer', argument.integer({ doc }), ['-12'], ok(-12)],
    ['an integer with a fraction', argument.integer({ doc }), ['1.5'], err('1.5')],
    ['an integer at its bound', argument.integer({ doc, min: 1, max: 3 }), ['3'], ok(3)],
    ['an integer over its bound', argument.integer({ doc, min: 1, max: 3 }), ['4'], err('4')],
    ['a number', argument.number({ doc }), ['.5'], ok(0.5)],
    ['a number that is none', argument.number({ doc }), ['NaN'], err('NaN')],
    ['a choice', argument.oneOf(['crunch', 'direct'], { doc }), ['direct'], ok('direct')],
    ['what is no choice', argument.oneOf(['crunch', 'direct'], { doc }), ['fat'], err('fat')],
    ['an address', argument.ipv4({ doc }), ['10.0.0.1'], ok(ipv4.of(10, 0, 0, 1))],
    [
      'a prefix',
      argument.cidr({ doc }),
      ['10.0.0.2/24'],
      ok({ address: ipv4.of(10, 0, 0, 2), prefixLength: 24 }),
    ],
    ['a prefix without a length', argument.cidr({ doc }), ['10.0.0.2'], err('10.0.0.2')],
    ['a list', argument.list(argument.port({ doc })), ['1,2', '3'], ok([1, 2, 3])],
    ['a list by the item that is wrong', argument.list(argument.port({ doc })), ['1,x'], err('x')],
  ]
  for (const [what, each, words, value] of read) {
    it(`reads ${what}`, () => assert.deepEqual(each.read(words), value))
  }

  it('says what it expects', () => {
    assert.equal(argument.oneOf(['a', 'b', 'c'], { doc }).expected, 'a, b or c')
    assert.equal(argument.integer({ doc, max: 9 }).expected, 'a whole number of at most 9')
  })

  it('must be given unless it has a default or is optional', () => {
    assert.equal(argument.port({ doc }).absent, undefined)
    assert.deepEqual(argument.port({ doc, default: 80 }).absent, { value: 80 })
    assert.deepEqual(argument.optional(argument.port({ doc })).absent, { value: undefined })
    assert.deepEqual(argument.flag({ doc }).absent, { value: false })
  })

  it('has the type of its value', () => {
    const args = { port: argument.port({ doc }), kind: argument.oneOf(['a', 'b'], { doc }) }
    const values: argument.Values<typeof args> = { port: 1, kind: 'b' }
    // @ts-expect-error A number where one of two words is wanted.
    const wrong: argument.Values<typeof args> = { port: 1, kind: 2 }
    assert.notDeepEqual(values, wrong)
  })
})

describe('option names', () => {
  it('are the keys in kebab case, after the prefix of their group', () => {
    assert.equal(optionName('ipv4Gateway'), '--ipv4-gateway')
    assert.equal(optionName('noDhcp', 'lan'), '--lan-no-dhcp')
  })

  it('clash where two groups have the same one, by name or by letter', () => {
    const [a, b] = [argument.flag({ doc, alias: 'x' }), argument.flag({ doc, alias: 'x' })]
    assert.deepEqual(
      clash({ a: { title: 'A', args: { a } }, b: { title: 'B', args: { a: b } } })?.name,
      '--a',
    )
    assert.deepEqual(clash({ a: { title: 'A', args: { a } }, b: { title: 'B', args: { b } } }), {
      name: '-x',
      groups: ['a', 'b'],
    })
    assert.equal(
      clash({ a: { title: 'A', args: { a } }, b: { title: 'B', prefix: 'b', args: { a } } }),
      undefined,
    )
  })
})
