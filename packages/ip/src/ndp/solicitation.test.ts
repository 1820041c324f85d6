import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as solicitation from './solicitation.ts'

describe('routers', () => {
  it('are asked for after a part of a second, and then less and less often, for ever', () => {
    const asking = solicitation.start(100, 0.5)
    const times: number[] = []
    for (let i = 0; i < 14; i++) {
      const now = asking.deadline
      assert.equal(solicitation.tick(asking, now - 1, 0.5), false)
      assert.equal(solicitation.tick(asking, now, 0.5), true)
      times.push(asking.deadline - now)
    }
    assert.deepEqual(times.slice(0, 4), [4000, 8000, 16_000, 32_000])
    assert.deepEqual(times.slice(-2), [3_600_000, 3_600_000])
  })

  it('are not asked at the same time by all', () => {
    const [early, late] = [0, 1].map((chance) => {
      const asking = solicitation.start(0, chance)
      const first = asking.deadline
      solicitation.tick(asking, first, chance)
      return [first, asking.interval]
    })
    assert.deepEqual(
      [early, late],
      [
        [0, 3600],
        [1000, 4400],
      ],
    )
  })

  it('are not asked when one has answered, nor before', () => {
    const asking = solicitation.start(0, 0)
    solicitation.answered(asking)
    assert.equal(solicitation.tick(asking, 1e9, 0), false)
    assert.equal(solicitation.tick(solicitation.idle(), 1e9, 0), false)
  })
})
