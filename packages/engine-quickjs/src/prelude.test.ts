import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { cannotRun, runModule } from './testing/run.ts'

/** What each expression is here, on another engine. */
function here(expressions: readonly string[]): readonly string[] {
  return expressions.map((expression) => {
    try {
      return String(runInNewContext(expression))
    } catch (error) {
      return (error as Error).name
    }
  })
}

/** And in an image. */
function there(expressions: readonly string[]): readonly string[] {
  const tries = expressions.map((text) => `try { print(${text}) } catch (error) { print(error.name) }`)
  return runModule(tries.join('\n')).output.split('\n')
}

/** Integers of up to 200 bits, with many around the powers of two, where the engine is wrong. */
const integers = fc.oneof(
  fc.bigInt({ min: -(1n << 200n), max: 1n << 200n }),
  fc
    .tuple(fc.integer({ min: 0, max: 130 }), fc.bigInt({ min: -2n, max: 2n }), fc.boolean())
    .map(([bits, offset, isNegative]) => ((1n << BigInt(bits)) + offset) * (isNegative ? -1n : 1n)),
)

describe('BigInt on the engine of images', { skip: cannotRun }, () => {
  it('is right where this release of the engine is not', () => {
    const expressions = [
      'BigInt.asUintN(64, -1n)',
      'BigInt.asUintN(64, -5n)',
      'BigInt.asUintN(65, -1n)',
      'BigInt.asUintN(128, -1n)',
      '0xfedcba9876543210n.toString(16)',
      '(-0xfedcba9876543210n).toString(16)',
      'String(0n)',
      '(0n).toString(2)',
      '(() => { const d = new DataView(new ArrayBuffer(8)); d.setBigUint64(0, -1n); return d.getBigUint64(0) })()',
      'new BigUint64Array([-1n])[0]',
      'BigInt.asUintN(64, (0x8000000000000001n << 1n) | (0x8000000000000001n >> 63n))',
      'JSON.stringify({ a: 0xffffffffffffffffn.toString(36) })',
    ]
    assert.deepEqual(there(expressions), here(expressions))
  })

  it('has the same errors', () => {
    const expressions = [
      'BigInt.asUintN(-1, 1n)',
      'BigInt.asUintN(2 ** 53, 1n)',
      'BigInt.asUintN(64, 1)',
      'BigInt.asUintN(64)',
      '(1n).toString(1)',
      '(1n).toString(37)',
      'BigInt.prototype.toString.call(1)',
      'BigInt.asUintN("8", "257")',
      'BigInt.asUintN(64.9, -1n)',
      'BigInt.asUintN(NaN, 3n)',
      'BigInt.asUintN(64, "-1")',
    ]
    assert.deepEqual(there(expressions), here(expressions))
  })

  it('cuts, shifts, multiplies and writes integers of any size as another engine does', () => {
    const cases = fc.sample(
      fc.tuple(integers, integers, fc.integer({ min: 0, max: 140 }), fc.integer({ min: 2, max: 36 })),
      {
        numRuns: 400,
        seed: 1,
      },
    )
    const expressions = cases.flatMap(([a, b, bits, radix]) => [
      `BigInt.asUintN(${bits}, ${a}n)`,
      `BigInt.asIntN(${bits}, ${a}n)`,
      `(${a}n).toString(${radix})`,
      `(${a}n) * (${b}n) + ((${b}n) >> ${bits}n) - ((${a}n) << ${bits}n)`,
      `(${a}n) & (${b}n)`,
      `${b} === 0 || (${a}n) % (${b || 1}n) + (${a}n) / (${b || 1}n)`,
      `BigInt('${a}') === ${a}n`,
    ])
    assert.deepEqual(there(expressions), here(expressions))
  })
})
