import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Event, type State, isSynchronized, mayReceive, maySend, next } from './state.ts'

/** Where `events` lead, one after the other. */
function walk(from: State, ...events: Event[]): string {
  let at: State | 'gone' = from
  const path: string[] = [at]
  for (const event of events) {
    at = next(at as State, event)
    path.push(at)
  }
  return path.join(' ')
}

describe('the states of a connection (RFC 9293 figure 5)', () => {
  const lives: [name: string, path: string, ...walk: [State, ...Event[]]][] = [
    ['opens', 'syn-sent established', 'syn-sent', 'syn-ack'],
    ['is opened', 'syn-received established', 'syn-received', 'our-syn-acked'],
    ['opens at both ends', 'syn-sent syn-received established', 'syn-sent', 'syn', 'our-syn-acked'],
    [
      'closes first',
      'established fin-wait-1 fin-wait-2 time-wait gone',
      'established',
      'close',
      'our-fin-acked',
      'fin',
      'lifetime-over',
    ],
    ['closes second', 'established close-wait last-ack gone', 'established', 'fin', 'close', 'our-fin-acked'],
    [
      'closes at both ends',
      'established fin-wait-1 closing time-wait gone',
      'established',
      'close',
      'fin',
      'our-fin-acked',
      'lifetime-over',
    ],
    ['closes before the answer', 'syn-sent gone', 'syn-sent', 'close'],
    ['closes before the handshake ends', 'syn-received fin-wait-1', 'syn-received', 'close'],
  ]
  for (const [name, path, from, ...events] of lives) {
    it(name, () => assert.equal(walk(from, ...events), path))
  }

  it('takes an event that cannot happen for a bug', () => {
    assert.throws(() => next('time-wait', 'syn'), /syn in time-wait/)
  })

  it('says in which states either end may send', () => {
    const states: State[] = [
      'syn-sent',
      'syn-received',
      'established',
      'fin-wait-1',
      'fin-wait-2',
      'close-wait',
      'closing',
      'last-ack',
      'time-wait',
    ]
    assert.deepEqual(states.filter(maySend), ['established', 'close-wait'])
    assert.deepEqual(states.filter(mayReceive), ['established', 'fin-wait-1', 'fin-wait-2'])
    assert.deepEqual(
      states.filter((state) => !isSynchronized(state)),
      ['syn-sent', 'syn-received'],
    )
  })
})
