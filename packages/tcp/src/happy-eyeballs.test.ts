import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { IpAddress } from '@mirage/address/ip'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import type { Millis } from '@mirage/clock'
import { manual } from '@mirage/clock/manual'
import { type Result, assert as must, err, ok } from '@mirage/result'
import * as happy from './happy-eyeballs.ts'
import type { ConnectError, Tcp, TcpFlow } from './tcp.ts'

const A6 = ipv6.of(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)
const B6 = ipv6.of(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2)
const A4 = ipv4.of(192, 0, 2, 1)
const B4 = ipv4.of(192, 0, 2, 2)

/** What becomes of an attempt, and how long after it began; `undefined`: nothing. */
type Fate = readonly [after: Millis, error?: ConnectError] | undefined

interface Raced {
  readonly tried: [IpAddress, Millis][]
  readonly aborted: IpAddress[]
  readonly outcome: () => [Result<IpAddress, ConnectError>, Millis] | undefined
}

/** Connects to `addresses`, which have these fates, and lets ten seconds pass. */
async function race(fates: ReadonlyMap<IpAddress, Fate>, options: happy.Options = {}): Promise<Raced> {
  const clock = manual()
  const tried: [IpAddress, Millis][] = []
  const aborted: IpAddress[] = []
  const connect: Tcp['connect'] = ({ address, port }) => {
    must(port === 80, 'it is the port that was asked for')
    tried.push([address, clock.now()])
    const fate = fates.get(address)
    return new Promise((resolve) => {
      if (fate === undefined) return
      const [after, error] = fate
      const flow = { remote: { address, port }, abort: () => aborted.push(address) } as unknown as TcpFlow
      clock.at(clock.now() + after, () => resolve(error === undefined ? ok(flow) : err(error)))
    })
  }
  let outcome: [Result<IpAddress, ConnectError>, Millis] | undefined
  void happy.connectAny({ tcp: { connect } as Tcp, clock }, [...fates.keys()], 80, options).then((result) => {
    outcome = [result.ok ? ok(result.value.remote.address) : result, clock.now()]
  })
  for (let i = 0; i < 1000; i++) {
    clock.advance(10)
    for (let k = 0; k < 4; k++) await Promise.resolve()
  }
  assert.equal(clock.pending, 0)
  return { tried, aborted, outcome: () => outcome }
}

describe('a connection to one of several addresses', () => {
  it('tries the families in turns, beginning with that of the first', () => {
    assert.deepEqual(happy.interleave([A6, B6, A4, B4]), [A6, A4, B6, B4])
    assert.deepEqual(happy.interleave([A4, A6, B6]), [A4, A6, B6])
    assert.deepEqual(happy.interleave([]), [])
    const many = Array.from({ length: 100 }, (_, i) => ipv6.of(0x2001, i))
    assert.deepEqual(happy.interleave(many), many.slice(0, happy.ADDRESSES_MAX))
  })

  it('is to the first where that answers in time', async () => {
    const { tried, outcome } = await race(
      new Map<IpAddress, Fate>([
        [A6, [100]],
        [A4, [1]],
      ]),
    )
    assert.deepEqual([tried.length, outcome()], [1, [ok(A6), 100]])
  })

  it('is to the second where the first says nothing for a quarter of a second', async () => {
    const { tried, outcome } = await race(
      new Map<IpAddress, Fate>([
        [A6, undefined],
        [A4, [50]],
      ]),
    )
    assert.deepEqual(tried, [
      [A6, 0],
      [A4, 250],
    ])
    assert.deepEqual(outcome(), [ok(A4), 300])
  })

  it('aborts what comes too late', async () => {
    const { aborted, outcome } = await race(
      new Map<IpAddress, Fate>([
        [A6, [400]],
        [A4, [50]],
        [B6, [60]],
      ]),
    )
    assert.deepEqual([outcome(), aborted], [[ok(A4), 300], [A6]])
  })

  it('is to the first all the same where that answers before the second', async () => {
    const { aborted, outcome } = await race(
      new Map<IpAddress, Fate>([
        [A6, [300]],
        [A4, [90]],
      ]),
    )
    assert.deepEqual([outcome(), aborted], [[ok(A6), 300], [A4]])
  })

  it('does not wait for the next where one fails', async () => {
    const { tried, outcome } = await race(
      new Map<IpAddress, Fate>([
        [A6, [20, 'refused']],
        [A4, [30]],
        [B6, [1]],
      ]),
    )
    assert.deepEqual(tried, [
      [A6, 0],
      [A4, 20],
    ])
    assert.deepEqual(outcome(), [ok(A4), 50])
  })

  it('fails when all have failed, and not before', async () => {
    const { tried, outcome } = await race(
      new Map<IpAddress, Fate>([
        [A6, [1000, 'timed-out']],
        [A4, [10, 'refused']],
      ]),
    )
    assert.deepEqual(tried, [
      [A6, 0],
      [A4, 250],
    ])
    assert.deepEqual(outcome(), [err('timed-out'), 1000])
  })

  it('has no way to no address', async () => {
    assert.deepEqual((await race(new Map())).outcome()?.[0], err('no-route'))
  })

  it('waits as long as it is told between attempts', async () => {
    const { tried } = await race(
      new Map<IpAddress, Fate>([
        [A6, undefined],
        [A4, [1]],
      ]),
      { attemptDelay: 100 },
    )
    assert.deepEqual(tried[1], [A4, 100])
  })
})
