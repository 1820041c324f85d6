import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { randomContract } from '@mirage/random/contract'
import { type NodeRandom, connect } from './random.ts'

function connected(): NodeRandom {
  const random = connect()
  assert.ok(random.ok)
  return random.value
}

randomContract('the random generator of Node', connected)

describe('the random generator of Node', () => {
  it('is another one in every process', () => {
    assert.notDeepEqual(connected().generate(16), connected().generate(16))
  })
})
