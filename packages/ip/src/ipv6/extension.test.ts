import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { concat, setU16 } from '@mirage/bytes'
import { hex } from '@mirage/bytes/hex'
import * as fc from 'fast-check'
import * as extension from './extension.ts'
import { Names } from './names.ts'
import { LINUX } from './testing/linux.ts'
import * as wire from './wire.ts'

interface Walked {
  readonly verdict: extension.Verdict
  readonly protocol: number
  readonly offset: number
  /** Code and pointer. */
  readonly problem: readonly [code: number, pointer: number] | undefined
}

/** Walks along `headers`, the first of which is of the protocol `first`, in a packet to fd00::2 or to a group. */
function walk(first: number, headers: string, dst: string = 'fd000000000000000000000000000002'): Walked {
  return walkPacket(
    concat([hex(`60000000 0000 00 40 fd000000000000000000000000000001 ${dst}`), hex(headers)]),
    first,
  )
}

function walkPacket(bytes: Uint8Array, first: number): Walked {
  const frame = concat([hex('ee'), bytes])
  setU16(frame, 5, bytes.length - 40)
  frame[7] = first
  const packet = wire.create()
  assert.ok(wire.parse(frame, 1, packet, new Names()).ok)
  const state = { next: 0, problem: -1, pointer: 0 }
  extension.begin(state, packet)
  const verdict = extension.walk(state, packet)
  const problem = state.problem === -1 ? undefined : ([state.problem, state.pointer] as const)
  return { verdict, protocol: packet.protocol, offset: packet.offset - 1, problem }
}

describe('extension headers', () => {
  it('are none in most packets', () => {
    assert.deepEqual(walk(17, '0102030405060708'), {
      verdict: 'payload',
      protocol: 17,
      offset: 40,
      problem: undefined,
    })
  })

  it('are stepped over, as in what Linux sends to routers', () => {
    const { verdict, protocol, offset } = walkPacket(LINUX.report, 0)
    assert.deepEqual([verdict, protocol, offset], ['payload', 58, 48])
  })

  const passed: [what: string, first: number, headers: string, protocol: number, offset: number][] = [
    ['padding of one byte', 0, '1100 00 00 00 00 00 00', 17, 48],
    ['padding of several', 60, '1100 01 04 ffffffff', 17, 48],
    ['an unknown option that may be skipped', 60, '1100 1e 04 ffffffff', 17, 48],
    ['a header of 16 bytes', 60, '1101 01 0c 000000000000000000000000', 17, 56],
    [
      'a route that was followed, also of type 0',
      43,
      '1102 00 00 00000000 fd000000000000000000000000000009',
      17,
      64,
    ],
    ['one after the other', 0, '3c00 010400000000 2b00 010400000000 0600 0000 00000000', 6, 64],
    ['the same twice', 60, '3c00 010400000000 1100 010400000000', 17, 56],
    ['an empty payload', 60, '1100 010400000000', 17, 48],
  ]
  for (const [what, first, headers, protocol, offset] of passed) {
    it(`are stepped over: ${what}`, () => {
      assert.deepEqual(walk(first, headers), { verdict: 'payload', protocol, offset, problem: undefined })
    })
  }

  const dropped: [what: string, first: number, headers: string, problem?: [code: number, pointer: number]][] =
    [
      ['a header that is cut off', 60, '1100 0104 0000'],
      ['a header longer than the packet', 60, '1101 010400000000'],
      ['an option longer than its header', 60, '1100 0105 00000000'],
      ['an option without a length', 60, '1100 01030000 00 01'],
      ['nothing behind', 59, ''],
      ['an unknown option that says: drop', 60, '1100 5e 04 ffffffff'],
      ['an unknown option that says: tell', 60, '1100 9e 04 ffffffff', [2, 42]],
      ['an unknown option that says: tell, if it was for you', 0, '1100 00 de 03 ffffff', [2, 43]],
      ['a jumbogram', 0, '1100 c2 04 00020000', [2, 42]],
      ['a hop-by-hop header that is not the first', 60, '0000 010400000000 1100 010400000000', [1, 40]],
      [
        'a route of type 0 that is to be followed',
        43,
        '1102 00 01 00000000 fd000000000000000000000000000009',
        [0, 42],
      ],
      ['any other route', 43, '1100 04 01 00000000', [0, 42]],
      ['a fragment header that is cut off', 44, '1100 0000'],
      ['more options than anybody needs', 60, `1103 ${'0500'.repeat(9)} ${'00'.repeat(12)}`],
      ['more headers than anybody needs', 60, `${'3c00 010400000000'.repeat(9)} 1100 010400000000`],
    ]
  for (const [what, first, headers, problem] of dropped) {
    it(`end the packet: ${what}`, () => {
      const walked = walk(first, headers)
      assert.deepEqual([walked.verdict, walked.problem], ['drop', problem])
    })
  }

  it('tell nobody of an option for one host in a packet to many, and everybody of one for all', () => {
    const group = 'ff020000000000000000000000000001'
    assert.equal(walk(60, '1100 de 04 ffffffff', group).problem, undefined)
    assert.deepEqual(walk(60, '1100 9e 04 ffffffff', group).problem, [2, 42])
  })

  it('end where the fragments begin', () => {
    const { verdict, offset } = walk(60, '2c00 010400000000 1100 0001 00000001')
    assert.deepEqual([verdict, offset], ['fragment', 48])
  })

  it('never lead out of the packet, whatever they are', () => {
    const some = fc.uint8Array({ maxLength: 120 })
    fc.assert(
      fc.property(some, fc.constantFrom(0, 43, 44, 59, 60, 17), (headers, first) => {
        for (const i of [0, 8, 16, 24]) {
          if (headers[i] !== undefined && headers[i] > 128) headers[i] = [0, 43, 44, 60][headers[i] % 4]!
        }
        const walked = walkPacket(concat([new Uint8Array(40).fill(0x60, 0, 1), headers]), first)
        assert.ok(walked.offset >= 40 && walked.offset <= 40 + headers.length)
        if (walked.problem !== undefined) assert.ok(walked.problem[1] < 40 + headers.length)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('a router alert', () => {
  it('is written as Linux does', () => {
    const frame = new Uint8Array(8)
    extension.emitRouterAlert(frame, 0, 58)
    assert.deepEqual(frame, LINUX.report.slice(40, 48))
  })
})
