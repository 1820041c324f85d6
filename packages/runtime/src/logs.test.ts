import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Clock, fromEpochMs } from '@mirage/clock'
import { manual } from '@mirage/clock/manual'
import { err, ok } from '@mirage/result'
import { Ring, formatLine, logLevels, parseLevels } from './logs.ts'

describe('log levels', () => {
  const read: [text: string, all: string, bySource: Record<string, string>][] = [
    ['debug', 'debug', {}],
    ['*:quiet', 'quiet', {}],
    ['tcp:debug', 'info', { tcp: 'debug' }],
    ['error,tcp:debug,ip:app', 'error', { tcp: 'debug', ip: 'app' }],
    ['warning,error', 'error', {}],
    ['a:b:debug', 'info', { 'a:b': 'debug' }],
  ]
  for (const [text, all, bySource] of read) {
    it(`are read from ${text}`, () => {
      const levels = parseLevels(text)
      assert.deepEqual(levels, ok({ all, bySource: new Map(Object.entries(bySource)) }))
    })
  }

  for (const text of ['', 'loud', 'tcp:', ':debug', 'tcp:loud', 'debug,', '*', 'tcp']) {
    it(`are not read from ${JSON.stringify(text)}`, () =>
      assert.deepEqual(parseLevels(text), err('bad-levels')))
  }

  it('are shown as they are written', () => {
    const argument = logLevels()
    const levels = argument.read(['error,tcp:debug'])
    assert.equal(levels.ok && argument.show(levels.value), 'error,tcp:debug')
    assert.equal(argument.show(argument.absent!.value), 'info')
  })
})

describe('a log line', () => {
  const at = (epochMs: number, offset: number | undefined): Clock => ({
    ...manual(),
    wall: () => fromEpochMs(epochMs),
    timezoneOffset: () => offset,
  })
  const lines: [what: string, clock: Clock, line: string][] = [
    ['in UTC', at(1_551_780_900_999, undefined), '2019-03-05 10:15:00 +00:00: WRN [tcp] message'],
    ['east of it', at(1_551_780_900_000, 5.5 * 3600), '2019-03-05 15:45:00 +05:30: WRN [tcp] message'],
    ['west of it', at(1_551_780_900_000, -11.5 * 3600), '2019-03-04 22:45:00 -11:30: WRN [tcp] message'],
    ['before 1970', at(-1, undefined), '1969-12-31 23:59:59 +00:00: WRN [tcp] message'],
  ]
  for (const [what, clock, line] of lines) {
    it(`has its time ${what}`, () => assert.equal(formatLine(clock, 'tcp', 'warning', 'message'), line))
  }
})

describe('the ring of log lines', () => {
  it('keeps the last ones, oldest first', () => {
    for (const [added, kept] of [
      [0, []],
      [2, ['0', '1']],
      [3, ['0', '1', '2']],
      [4, ['1', '2', '3']],
      [9, ['6', '7', '8']],
    ] as const) {
      const ring = new Ring(3)
      for (let i = 0; i < added; i++) ring.add(String(i))
      assert.deepEqual(ring.dump().slice(1, -1), kept)
    }
  })
})
