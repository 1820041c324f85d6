import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { WaitingList } from './waiting-list.ts'

describe('a waiting list', () => {
  it('knows its oldest entry, whoever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant('come'), fc.constant('ask'), fc.nat(8))), (steps) => {
        const [list, model]: [WaitingList<number>, number[]] = [new WaitingList(), []]
        let count = 0
        for (const step of steps) {
          if (step === 'come') {
            list.add(++count)
            model.push(count)
          } else if (typeof step === 'number' && step < model.length) list.delete(model.splice(step, 1)[0]!)
          else assert.equal(list.oldest(), model[0])
        }
        assert.equal(list.oldest(), model[0])
        assert.equal(list.size, model.length)
      }),
    )
  })

  it('keeps nothing of what has left, also if nobody asks for the oldest any more', () => {
    const list = new WaitingList<number>()
    list.add(-1)
    assert.equal(list.oldest(), -1)
    const before = memory()
    for (let i = 0; i < 100_000; i++) {
      list.add(i)
      if (i >= 2) list.delete(i - 2)
    }
    assert.ok(memory() - before < 2_000_000, `${memory() - before} bytes`)
    assert.equal(list.oldest(), -1)
    list.delete(-1)
    assert.equal(list.oldest(), 99_998)
  })
})

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function memory(): number {
  collect()
  return process.memoryUsage().heapUsed
}
