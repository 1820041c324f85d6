import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manual } from '@mirage/clock/manual'
import { err } from '@mirage/result'
import { netContract } from './contract.ts'
import { FRAMES_MAX, pair } from './pair.ts'

netContract('a pair that a test delivers', () => {
  const cable = pair()
  return { a: cable.a, b: cable.b, arrived: async () => void cable.deliver() }
})

netContract('a pair with a clock', () => {
  const clock = manual()
  const { a, b } = pair({ clock })
  return { a, b, arrived: async () => clock.advance(0) }
})

describe('a pair', () => {
  it('delivers answers to answers until the cable is empty', () => {
    const cable = pair()
    const { a, b } = cable
    let left = 5
    a.listen(() => left-- > 0 && a.write(60, () => 60))
    b.listen(() => left-- > 0 && b.write(60, () => 60))
    a.write(60, () => 60)
    assert.equal(cable.deliver(), 6)
    assert.equal(cable.deliver(), 0)
  })

  it('shows a listener that keeps a frame that it was only lent', () => {
    const cable = pair()
    let kept: Uint8Array | undefined
    cable.b.listen((frame) => (kept = frame))
    cable.a.write(2, () => 2)
    cable.deliver()
    assert.deepEqual(kept, Uint8Array.of(0xa5, 0xa5))
  })

  it('loses what a test drops', () => {
    const cable = pair()
    cable.b.listen(() => assert.fail('a frame arrived'))
    cable.a.write(60, () => 60)
    assert.equal(cable.drop(), 1)
    assert.equal(cable.deliver(), 0)
  })

  it('is busy when the cable is full', () => {
    const cable = pair()
    for (let i = 0; i < FRAMES_MAX; i++) assert.ok(cable.a.write(60, () => 60).ok)
    assert.deepEqual(
      cable.a.write(60, () => assert.fail('fill was called')),
      err('busy'),
    )
    cable.deliver()
    assert.ok(cable.a.write(60, () => 60).ok)
  })
})
