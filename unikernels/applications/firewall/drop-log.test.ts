import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DropLog } from './drop-log.ts'

describe('a log of drops', () => {
  it('says so much a second, and then how much there was besides', () => {
    const lines: string[] = []
    const log = new DropLog(2, (line) => lines.push(line))
    for (const at of [0, 1, 2, 999, 1000, 1001, 5000]) log.dropped(at, () => `at ${at}`)
    assert.deepEqual(lines, ['at 0', 'at 1', 'and 2 more', 'at 1000', 'at 1001', 'at 5000'])
  })

  it('makes no line that nobody sees', () => {
    new DropLog(0, () => {}).dropped(0, () => assert.fail('it was made'))
  })
})
