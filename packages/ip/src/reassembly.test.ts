import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Result, err, ok } from '@mirage/result'
import {
  type Fragment,
  type FragmentDrop,
  PACKETS_MAX,
  Reassembly,
  SIZE_MAX,
  TIMEOUT_MS,
  type Whole,
} from './reassembly.ts'

/** What is sent of a packet: where it begins, in units of 8 bytes, its payload, and whether more comes behind. */
interface Sent {
  readonly at: number
  readonly payload: Uint8Array
  readonly hasMore: boolean
}

const WHITE = new Uint8Array(16)
const BLACK = new Uint8Array(16).fill(0xff)
const GRAY = new Uint8Array(16).fill(0x55)
/** An IP header with four bytes of options, or anything else that a packet begins with. */
const HEADER = new Uint8Array(24).fill(0x61)

/** Sixteen bytes, or `payload`, with more behind. */
function more(at: number, payload: Uint8Array | number = GRAY): Sent {
  return { at, payload: bytes(payload), hasMore: true }
}

/** Sixteen bytes, or `payload`, that are the last. */
function last(at: number, payload: Uint8Array | number = GRAY): Sent {
  return { at, payload: bytes(payload), hasMore: false }
}

function bytes(payload: Uint8Array | number): Uint8Array {
  return typeof payload === 'number' ? Uint8Array.from({ length: payload }, (_, i) => i) : payload
}

/** As it lies in a frame between other bytes. */
function fragment({ at, payload, hasMore }: Sent, sizeMax: number = 65_535 - HEADER.length): Fragment {
  const frame = new Uint8Array(14 + HEADER.length + payload.length + 4).fill(0xa5)
  frame.set(HEADER, 14)
  const offset = 14 + HEADER.length
  frame.set(payload, offset)
  return {
    frame,
    header: 14,
    headerEnd: offset,
    offset,
    end: offset + payload.length,
    position: at * 8,
    hasMore,
    sizeMax,
  }
}

const KEY = 'one packet'

/** What comes of each of `all`, one after the other, at the instant `now`. */
function inputs(
  reassembly: Reassembly,
  all: readonly Sent[],
  now: number = 0,
  key: string = KEY,
): Result<Whole | undefined, FragmentDrop>[] {
  return all.map((sent) => {
    reassembly.expire(now)
    return reassembly.input(key, fragment(sent), now)
  })
}

/** The payload of the packet that the last of `outcomes` completes; none of the others does. */
function payloadOf(outcomes: readonly Result<Whole | undefined, FragmentDrop>[]): Uint8Array | undefined {
  const wholes = outcomes.map((outcome) => (outcome.ok ? outcome.value : undefined))
  assert.ok(wholes.slice(0, -1).every((whole) => whole === undefined))
  const whole = wholes.at(-1)
  if (whole === undefined) return undefined
  assert.deepEqual(whole.bytes.subarray(0, whole.offset), HEADER)
  return whole.bytes.subarray(whole.offset)
}

function assertJoins(all: readonly Sent[], reassembly: Reassembly = new Reassembly(1000)): void {
  const expected = new Uint8Array(all.reduce((sum, { payload }) => sum + payload.length, 0))
  for (const { at, payload } of all) expected.set(payload, at * 8)
  assert.deepEqual(payloadOf(inputs(reassembly, all)), expected)
  assert.deepEqual([reassembly.size, reassembly.count, reassembly.deadline], [0, 0, undefined])
}

function assertNever(all: readonly Sent[], reassembly: Reassembly = new Reassembly(1000)): void {
  const outcomes = inputs(reassembly, all)
  assert.ok(outcomes.every((outcome) => !outcome.ok || outcome.value === undefined))
}

function permutations<T>(all: readonly T[]): T[][] {
  if (all.length <= 1) return [[...all]]
  return all.flatMap((one, i) => permutations(all.filter((_, j) => j !== i)).map((rest) => [one, ...rest]))
}

/** `0m16 2m16 4`: positions in units of 8 bytes, and the length where it is not 16. */
function name(all: readonly Sent[]): string {
  return all
    .map(
      ({ at, payload, hasMore }) =>
        `${at}${hasMore ? 'm' : ''}${payload.length === 16 ? '' : `(${payload.length})`}`,
    )
    .join(' ')
}

function countOf(reassembly: Reassembly): Partial<Record<FragmentDrop, number>> {
  return Object.fromEntries(Object.entries(reassembly.drops).filter(([, count]) => count > 0))
}

describe('a packet in fragments', () => {
  for (const length of [1, 2, 10, 100, 1000, 5000, 10_000]) {
    it(`of which ${length} bytes came, and not the first, is not whole`, () => {
      assertNever([last(1, length)])
    })
    it(`of which ${length} bytes came, and nothing lacks, is whole`, () => {
      assertJoins([last(0, length)])
    })
  }

  const whole: readonly (readonly Sent[])[] = [
    [more(0, BLACK), last(2, WHITE)],
    [more(0, WHITE), last(2, BLACK)],
    [last(2, GRAY), more(0, BLACK)],
    [last(2, BLACK), more(0, WHITE)],
    [last(2, WHITE), more(0, BLACK)],
    // A limit of 1000 bytes is for what waits: what completes a packet does not.
    [more(0, 984), last(123)],
    [more(0, 984), more(123), last(125)],
    [more(0, 1000), last(125, 48)],
  ]
  for (const all of whole) it(`is whole in ${name(all)}`, () => assertJoins(all))

  const anyOrder: readonly (readonly Sent[])[] = [
    [more(0, WHITE), more(2, BLACK), last(4)],
    [more(0, WHITE), more(2, BLACK), more(4), last(6, 10)],
    [more(0, WHITE), more(2, BLACK), more(4), more(6, WHITE), last(8, BLACK)],
    [more(0, WHITE), more(2, 8), more(3, 24), more(6, 32), more(10, 8), last(11, 1)],
  ]
  for (const all of anyOrder) {
    const orders = permutations(all)
    it(`is whole with the last of ${name(all)}, in each of ${orders.length} orders`, () => {
      for (const order of orders) assertJoins(order)
    })
  }

  const never: readonly (readonly Sent[])[] = [
    [last(1, BLACK), more(0, WHITE)],
    [more(0), last(1)],
    [more(0), last(3)],
    // More than the limit would wait.
    [more(0, 992), more(124), last(126)],
    [more(0, 1024), last(128)],
  ]
  for (const all of never) it(`is never whole in ${name(all)}`, () => assertNever(all))

  const neverInAnyOrder: readonly (readonly Sent[])[] = [
    [more(0), more(2), last(3)],
    [more(0), more(2), last(5)],
    [more(0), more(3), last(4)],
    [more(0), more(3), last(5)],
    [more(0), more(1), last(3)],
    [more(0), more(1), last(4)],
    [more(0, 32), more(3)],
    [more(0, 32), more(2)],
    [more(0), more(2), more(4), more(6)],
    [more(0), more(2), more(4), last(5)],
    [more(0), more(4), more(4), last(6)],
    [more(0), more(1), more(3), last(5)],
    [more(0), more(2), more(4), last(7)],
  ]
  for (const all of neverInAnyOrder) {
    const orders = permutations(all)
    it(`is never whole in ${name(all)}, in any of ${orders.length} orders`, () => {
      for (const order of orders) assertNever(order)
    })
  }

  it('has the header that its first fragment had, whichever came last', () => {
    const other = { ...fragment(last(2)), header: 0, headerEnd: 14 }
    for (const order of permutations([fragment(more(0)), other])) {
      const reassembly = new Reassembly()
      assert.deepEqual(reassembly.input(KEY, order[0]!, 0), ok(undefined))
      const joined = reassembly.input(KEY, order[1]!, 0)
      assert.ok(joined.ok)
      assert.deepEqual(joined.value?.bytes.subarray(0, joined.value.offset), HEADER)
    }
  })

  it('is of one key: fragments of others do not complete it', () => {
    const reassembly = new Reassembly()
    assert.deepEqual(inputs(reassembly, [more(0)]), [ok(undefined)])
    assert.deepEqual(inputs(reassembly, [last(2)], 0, 'from elsewhere'), [ok(undefined)])
    assert.deepEqual(inputs(reassembly, [last(2)], 0, 'for another protocol'), [ok(undefined)])
    assert.equal(reassembly.count, 3)
    assert.deepEqual(payloadOf(inputs(reassembly, [last(2)])), new Uint8Array(32).fill(0x55))
    assert.equal(reassembly.count, 2)
  })

  it('may use the key of one that is whole', () => {
    const reassembly = new Reassembly()
    for (let i = 0; i < 3; i++) assertJoins([more(0), last(2)], reassembly)
  })

  it('keeps nothing of the frames that it came in', () => {
    const reassembly = new Reassembly()
    const first = fragment(more(0, BLACK))
    reassembly.input(KEY, first, 0)
    first.frame.fill(0)
    assert.deepEqual(payloadOf(inputs(reassembly, [last(2, 1)])), Uint8Array.of(...BLACK, 0))
  })
})

describe('the number of fragments', () => {
  it('is at most 16 where they are small: a 17th drops the packet', () => {
    for (const orderly of [true, false]) {
      const parts = Array.from({ length: 15 }, (_, i) => more(2 * i))
      const sixteen = [...parts, last(30)]
      const seventeen = [...parts, more(30), last(32)]
      if (!orderly) for (const all of [sixteen, seventeen]) all.reverse()
      assertJoins(sixteen)
      const reassembly = new Reassembly(1000)
      assert.deepEqual(inputs(reassembly, seventeen).at(-1), err('fragment-too-many'))
      assert.deepEqual(countOf(reassembly), { 'fragment-too-many': 17 })
      assert.equal(reassembly.size, 0)
    }
  })

  it('is at most 16 before the last has come', () => {
    const reassembly = new Reassembly()
    assertNever(
      Array.from({ length: 18 }, (_, i) => more(2 * i)),
      reassembly,
    )
    assert.deepEqual(countOf(reassembly), { 'fragment-too-many': 17, 'fragment-poisoned': 1 })
  })

  it('is what the largest packet needs on the narrowest usual link, in any order', () => {
    for (const size of [552, 1480, 1448, 8976]) {
      const all: Sent[] = []
      const length = 65_535 - HEADER.length
      for (let at = 0; at < length; at += size) {
        const part = Math.min(size, length - at)
        all.push({ at: at / 8, payload: bytes(part), hasMore: at + part < length })
      }
      assertJoins(all, new Reassembly())
      assertJoins(all.reverse(), new Reassembly())
      assertJoins(
        [...all].sort((a, b) => (a.at % 7) - (b.at % 7)),
        new Reassembly(),
      )
    }
  })

  it('is 16 as long as they are smaller than 512 bytes on average, but for one', () => {
    const parts = (size: number): Sent[] => Array.from({ length: 16 }, (_, i) => more((i * size) / 8, size))
    assertJoins([...parts(512), last(16 * 64, 1)], new Reassembly())
    assertJoins([...parts(504), last(16 * 63, 128)], new Reassembly())
    assertNever([...parts(504), last(16 * 63, 127)], new Reassembly())
  })
})

describe('time', () => {
  it('is enough up to ten seconds after the first fragment, and over then', () => {
    for (const [elapsed, isWhole] of [
      [TIMEOUT_MS - 1e-6, true],
      [TIMEOUT_MS, false],
    ] as const) {
      const two = new Reassembly()
      inputs(two, [more(0)])
      assert.equal(payloadOf(inputs(two, [last(2)], elapsed)) !== undefined, isWhole)
      const three = new Reassembly()
      inputs(three, [more(0)])
      inputs(three, [more(2)], elapsed / 2)
      assert.equal(payloadOf(inputs(three, [last(4)], elapsed)) !== undefined, isWhole)
    }
  })

  it('that is over ends a packet without another fragment, and returns its first for the sender', () => {
    const reassembly = new Reassembly()
    inputs(reassembly, [more(0, BLACK), more(4)], 1, 'seen from the start')
    inputs(reassembly, [more(2)], 2, 'seen from the middle')
    inputs(reassembly, [more(0)], 3, 'later')
    assert.equal(reassembly.deadline, 1 + TIMEOUT_MS)
    assert.deepEqual(reassembly.expire(TIMEOUT_MS), [])
    assert.deepEqual(reassembly.expire(2 + TIMEOUT_MS), [Uint8Array.of(...HEADER, ...BLACK)])
    assert.deepEqual([reassembly.count, reassembly.size, reassembly.deadline], [1, 16, 3 + TIMEOUT_MS])
    assert.equal(reassembly.drops['fragment-timeout'], 3)
  })

  it('passes from the first fragment on, and more of them give no more', () => {
    const reassembly = new Reassembly()
    for (let i = 0; i < 9; i++) inputs(reassembly, [more(2 * i)], i * 1000)
    assert.equal(reassembly.deadline, TIMEOUT_MS)
  })

  it('begins anew for a key that was given up', () => {
    const reassembly = new Reassembly()
    inputs(reassembly, [more(0), more(0)])
    assert.deepEqual(inputs(reassembly, [more(0)], TIMEOUT_MS - 1), [err('fragment-poisoned')])
    assert.notEqual(payloadOf(inputs(reassembly, [more(0), last(2)], TIMEOUT_MS)), undefined)
  })

  it('that is over and not attended to is a bug', () => {
    const reassembly = new Reassembly()
    inputs(reassembly, [more(0)])
    assert.throws(() => reassembly.input(KEY, fragment(last(2)), TIMEOUT_MS))
  })
})

describe('fragments that are of no packet', () => {
  const cases: [what: string, first: readonly Sent[], bad: Sent, error: FragmentDrop][] = [
    ['a copy', [more(2)], more(2), 'fragment-overlap'],
    ['a copy of the last', [last(2)], last(2), 'fragment-overlap'],
    ['one around another', [more(2)], more(1, 32), 'fragment-overlap'],
    ['one around several', [more(1, 8), more(3, 8)], more(0, 48), 'fragment-overlap'],
    ['one within another', [more(0, 64)], more(2), 'fragment-overlap'],
    ['one that begins as another does', [more(2)], more(2, 32), 'fragment-overlap'],
    ['one that begins as another, and is shorter', [more(2, 32)], more(2), 'fragment-overlap'],
    ['one that ends as another does', [more(2, 32)], more(4), 'fragment-overlap'],
    ['one over the end of another', [more(2)], more(3), 'fragment-overlap'],
    ['one over the beginning of another', [more(2)], more(1), 'fragment-overlap'],
    [
      'one over the end of one and the beginning of another',
      [more(0), more(3)],
      more(1, 24),
      'fragment-overlap',
    ],
    ['one over a last byte', [last(1, 9)], more(2, 8), 'fragment-overlap'],
    ['the header of the transport, again', [more(0, 8), more(1, 8)], more(0, 8), 'fragment-overlap'],
    ['one behind the last', [last(2)], more(4), 'fragment-beyond-end'],
    ['one far behind the last', [last(2)], more(100), 'fragment-beyond-end'],
    ['a last before another', [more(4)], last(2), 'fragment-beyond-end'],
    ['another last, behind', [last(2)], last(4), 'fragment-beyond-end'],
    ['another last, before', [last(4)], last(2), 'fragment-beyond-end'],
    ['one of a length that is no multiple of 8', [], more(0, 15), 'fragment-size'],
    ['one of 1 byte with more behind', [more(4)], more(0, 1), 'fragment-size'],
    ['an empty one', [more(0)], more(2, 0), 'fragment-size'],
    ['an empty last', [more(0)], last(2, 0), 'fragment-size'],
    ['one with too much behind its header', [], last(8191, 0x2000), 'fragment-too-long'],
    ['one byte too many', [more(0)], last(8185, 65_536 - 24 - 8185 * 8), 'fragment-too-long'],
    ['more than there can be, with more behind', [], more(8191, 8), 'fragment-too-long'],
  ]
  for (const [what, first, bad, error] of cases) {
    it(`${what}: everything of its key is dropped until the time is over, and counted`, () => {
      const reassembly = new Reassembly()
      assert.ok(inputs(reassembly, first).every((outcome) => outcome.ok))
      assert.deepEqual(inputs(reassembly, [bad]), [err(error)])
      assert.deepEqual([reassembly.size, reassembly.count], [0, 1])
      const good = [more(0), last(2)]
      assert.deepEqual(
        inputs(reassembly, good, TIMEOUT_MS - 1),
        good.map(() => err('fragment-poisoned')),
      )
      assert.deepEqual(countOf(reassembly), { [error]: first.length + 1, 'fragment-poisoned': 2 })
      assert.deepEqual(reassembly.expire(TIMEOUT_MS), [], 'nobody is told')
      assert.deepEqual([reassembly.count, reassembly.deadline], [0, undefined])
    })
  }

  it('a payload that fits behind the header that came, but not behind that of the first', () => {
    const end = fragment(last(8186, 27), 65_515)
    const start = fragment(more(0), 65_511)
    for (const order of permutations([start, end])) {
      const reassembly = new Reassembly()
      assert.deepEqual(reassembly.input(KEY, order[0]!, 0), ok(undefined))
      assert.deepEqual(reassembly.input(KEY, order[1]!, 0), err('fragment-too-long'))
    }
  })

  it('a payload that does not fit behind the header of the first, whatever came between', () => {
    const reassembly = new Reassembly()
    const all = [
      fragment(more(0), 65_511),
      fragment(more(2, 65_472), 65_515),
      fragment(last(8186, 27), 65_515),
    ]
    assert.deepEqual(
      all.map((each) => reassembly.input(KEY, each, 0)),
      [ok(undefined), ok(undefined), err('fragment-too-long')],
    )
  })

  it('a header that is larger than any host needs', () => {
    for (const [length, isOk] of [
      [128, true],
      [129, false],
    ] as const) {
      const sent = fragment(more(0, 256))
      const header = { ...sent, header: 0, headerEnd: length }
      assert.equal(new Reassembly().input(KEY, header, 0).ok, isOk)
    }
  })

  it('harm no other packet', () => {
    const reassembly = new Reassembly()
    inputs(reassembly, [more(0), more(0)], 0, 'bad')
    assert.notEqual(payloadOf(inputs(reassembly, [more(0), last(2)])), undefined)
  })
})

describe('a flood', () => {
  /** `count` sources that send the first 1,000 bytes of a packet. */
  function flood(reassembly: Reassembly, count: number, from: number = 0): void {
    for (let i = 0; i < count; i++) inputs(reassembly, [more(0, 1000)], 0, `source ${from + i}`)
  }

  it('of first fragments keeps no more than the limit, and drops what was not used for longest', () => {
    const reassembly = new Reassembly()
    const room = Math.floor(SIZE_MAX / 1000)
    inputs(reassembly, [more(0)], 0, 'in use')
    inputs(reassembly, [more(0)], 0, 'idle')
    flood(reassembly, room - 1)
    inputs(reassembly, [more(2)], 0, 'in use')
    assert.deepEqual(countOf(reassembly), {})
    flood(reassembly, room - 1, room)
    assert.ok(reassembly.size <= SIZE_MAX && reassembly.size > SIZE_MAX - 1000)
    assert.notEqual(payloadOf(inputs(reassembly, [last(4)], 0, 'in use')), undefined)
    assert.equal(payloadOf(inputs(reassembly, [last(2)], 0, 'idle')), undefined)
  })

  it('does not hinder a packet whose fragments follow each other', () => {
    const reassembly = new Reassembly()
    for (let i = 0; i < 4000; i++) {
      flood(reassembly, 1, i)
      if (i % 100 === 0) inputs(reassembly, [more((i / 100) * 181, 1448)])
    }
    assert.equal(payloadOf(inputs(reassembly, [last(40 * 181)]))?.length, 40 * 1448 + 16)
  })

  it('of tiny fragments keeps no more packets than the limit', () => {
    const reassembly = new Reassembly()
    for (let i = 0; i < 3 * PACKETS_MAX; i++) inputs(reassembly, [more(0, 8)], i / 1000, `source ${i}`)
    assert.deepEqual([reassembly.count, reassembly.size], [PACKETS_MAX, PACKETS_MAX * 8])
    assert.deepEqual(countOf(reassembly), { 'fragment-evicted': 2 * PACKETS_MAX })
    assert.equal(reassembly.deadline, (2 * PACKETS_MAX) / 1000 + TIMEOUT_MS)
  })

  it('of poisoned keys keeps no more of them than the limit, and nothing of their fragments', () => {
    const reassembly = new Reassembly()
    for (let i = 0; i < 3 * PACKETS_MAX; i++) inputs(reassembly, [more(0), more(0)], 0, `source ${i}`)
    assert.deepEqual([reassembly.count, reassembly.size], [PACKETS_MAX, 0])
    assert.deepEqual(countOf(reassembly), { 'fragment-overlap': 6 * PACKETS_MAX })
  })

  it('from one source in one packet is over with the first byte that is too far', () => {
    const reassembly = new Reassembly(8000)
    for (let at = 0; at < 8192; at += 125) inputs(reassembly, [more(at, 1000)])
    assert.ok(reassembly.size <= 8000)
  })
})
