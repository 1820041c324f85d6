/** Which words are the tool's, and which are for somebody else. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { flag, text } from '@mirage/argument'
import { split } from './command.ts'

const groups = {
  own: { title: '', args: { file: text({ doc: '', alias: 'f', default: '' }), dry: flag({ doc: '' }) } },
}

const cases: readonly [why: string, words: string, ours: string, rest: string][] = [
  ['takes options with their values', '--file a --dry', '--file a --dry', ''],
  ['takes values after an equals sign', '--file=a b', '--file=a', 'b'],
  ['takes short options in all their forms', '-f a -fb -f=c', '-f a -fb -f=c', ''],
  ['leaves unknown options, with what follows them', '--port 80 --file a -x', '--file a', '--port 80 -x'],
  [
    'leaves everything after two hyphens, but not the hyphens',
    '--dry -- --file a --',
    '--dry',
    '--file a --',
  ],
  ['does not take the word after a flag', '--dry a', '--dry', 'a'],
  ['leaves a single hyphen', '- --dry', '--dry', '-'],
  ['takes an option whose value is missing, for the parser to say so', '--file', '--file', ''],
]

describe('split', () => {
  for (const [why, words, ours, rest] of cases) {
    it(why, () => {
      const list = (line: string): string[] => line.split(' ').filter((word) => word !== '')
      assert.deepEqual(split(list(words), groups), { ours: list(ours), rest: list(rest) })
    })
  }
})
