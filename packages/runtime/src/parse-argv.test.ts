import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { err, ok } from '@mirage/result'
import { type ArgvError, parseArgv } from './parse-argv.ts'

describe('parseArgv', () => {
  // The lines are what a unikernel gets, after the shell.
  const split: [line: string, words: string[]][] = [
    ['', []],
    ['foo bar baz', ['foo', 'bar', 'baz']],
    ['foo "bar" baz', ['foo', 'bar', 'baz']],
    ['f\\ oo b\\"r baz', ['f oo', 'b"r', 'baz']],
    ['foo bar"bie"boo baz', ['foo', 'barbieboo', 'baz']],
    ['  ', []],
    [' foo\t\tbar\n', ['foo', 'bar']],
    ['foo "" bar', ['foo', 'bar']],
    ['--hello=foo\\ bar', ['--hello=foo bar']],
    ['--hello=foo bar', ['--hello=foo', 'bar']],
    ['--hello="foo  bar" x', ['--hello=foo  bar', 'x']],
    ['--hello="say \\"hi\\" \\\\"', ['--hello=say "hi" \\']],
    ["--hello='foo bar'", ["--hello='foo", "bar'"]],
    ['--hello=', ['--hello=']],
  ]
  for (const [line, words] of split) {
    it(`splits ${JSON.stringify(line)}`, () => assert.deepEqual(parseArgv(line), ok(words)))
  }

  const refused: [line: string, error: ArgvError][] = [
    ['  \\', 'unfinished-escape'],
    ['foo "bar\\', 'unfinished-escape'],
    ['foo "bar', 'unfinished-quote'],
    ['foo "bar\\"', 'unfinished-quote'],
  ]
  for (const [line, error] of refused) {
    it(`refuses ${JSON.stringify(line)}`, () => assert.deepEqual(parseArgv(line), err(error)))
  }

  it('sees the same in one argument of the shell as in two', () => {
    // What the announcement writes as --hello=foo\\ bar is two arguments to the shell.
    assert.deepEqual(parseArgv(['--hello=foo\\', 'bar'].join(' ')), ok(['--hello=foo bar']))
    assert.deepEqual(parseArgv(['--hello=foo bar'].join(' ')), ok(['--hello=foo', 'bar']))
  })

  it('gives any word back that was escaped', () => {
    const words = fc.array(fc.string({ minLength: 1 }))
    fc.assert(
      fc.property(words, (each) => {
        const line = each.map((word) => word.replace(/[\\" \t\n\r]/g, '\\$&')).join(' ')
        assert.deepEqual(parseArgv(line), ok(each))
      }),
    )
  })
})
