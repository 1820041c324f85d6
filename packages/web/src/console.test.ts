import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { consoleOn } from './console.ts'

describe('a console', () => {
  const lines: string[] = []
  const console = consoleOn((line) => lines.push(line))
  const circle: { self?: unknown } = {}
  circle.self = circle
  const bare = Object.assign(new RangeError('no'), { stack: '    at f\n' })

  const cases: readonly (readonly [values: readonly unknown[], lines: readonly string[]])[] = [
    [['a', 1, true, null, undefined, 2n], ['a 1 true null undefined 2n']],
    [[{ a: [1] }], ['{"a":[1]}']],
    [[circle], ['[object Object]']],
    [['a\nb'], ['a', 'b']],
    [[bare], ['RangeError: no', '    at f']],
    [[Symbol('s')], ['Symbol(s)']],
    [[], ['']],
  ]
  for (const [values, expected] of cases) {
    it(`shows ${JSON.stringify(expected)}`, () => {
      lines.length = 0
      console.log(...values)
      assert.deepEqual(lines, expected)
    })
  }

  it('tells an error once where the trace begins with it', () => {
    lines.length = 0
    console.error(new Error('once'))
    assert.equal(lines.filter((line) => line.includes('once')).length, 1)
  })
})
