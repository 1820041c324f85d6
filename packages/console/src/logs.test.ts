import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { LEVELS, setLevel, setReporter, source, sourceNames } from './logs.ts'

describe('log sources', () => {
  let reported: string[] = []
  beforeEach(() => {
    reported = []
    setReporter((name, level, message) => reported.push(`${name} ${level} ${message}`))
  })
  afterEach(() => {
    setLevel('info')
    setReporter(() => {})
  })

  it('are the same for the same name', () => {
    assert.equal(source('test.same'), source('test.same'))
    assert.equal(sourceNames().filter((name) => name === 'test.same').length, 1)
  })

  it('report their level and all before it', () => {
    const log = source('test.levels')
    for (const [count, level] of LEVELS.entries()) {
      setLevel(level, 'test.levels')
      reported = []
      log.app('m')
      log.error('m')
      log.warning('m')
      log.info('m')
      log.debug('m')
      assert.deepEqual(
        reported,
        LEVELS.slice(1, count + 1).map((each) => `test.levels ${each} m`),
        level,
      )
    }
  })

  it('do not make a message that nobody sees', () => {
    const log = source('test.lazy')
    log.debug(() => assert.fail('the message was made'))
    log.info(() => 'made')
    assert.deepEqual(reported, ['test.lazy info made'])
  })

  it('take the level set by their name before the one for all, also before they exist', () => {
    setLevel('debug', 'test.early')
    setLevel('error')
    const [early, other] = [source('test.early'), source('test.other')]
    early.debug('seen')
    other.warning('unseen')
    setLevel('debug')
    other.debug('seen')
    assert.deepEqual(reported, ['test.early debug seen', 'test.other debug seen'])
  })
})
