import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
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
})
