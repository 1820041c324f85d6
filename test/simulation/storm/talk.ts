/** One end of a conversation: it writes its part, reads the other's, and trusts nothing. */
import assert from 'node:assert/strict'
import { type Clock, sleep } from '@mirage/clock'
import { seeded } from '@mirage/random/seeded'
import type { TcpFlow } from '@mirage/tcp'
import type { Part } from './plan.ts'

/** What one end has done so far. */
export interface End {
  /** Bytes that `write` accepted. */
  written: number
  /** Whether it said, in order, that these were all. */
  isFinished: boolean
  /** Whether it gave up what the other had to say. */
  isDeaf: boolean
}

/** What became of a conversation at one end. */
export type Outcome =
  /** All was written, and the other's part read to its end. */
  | 'complete'
  /** It ended its own part early, as it was told to. */
  | 'ended'
  | 'reset'
  | 'timed-out'
  | 'closed'

/** What one end is to do. */
export interface Role {
  readonly part: Part
  readonly own: End
  readonly other: End
  /** The bytes that it writes, and those that the other does. */
  readonly text: Uint8Array
  readonly expected: Uint8Array
  readonly clock: Clock
}

const NOTHING = new Uint8Array(0)

/** The text of one direction of a conversation. */
export function textOf(seed: number, conversation: number, direction: 0 | 1, length: number): Uint8Array {
  return seeded(seed * 1_000_003 + conversation * 2 + direction).generate(length)
}

/** Does what `role` says on `flow`, of which `first` was read already, and fails where a byte is not as it was written, or an end comes too early. */
export async function talk(flow: TcpFlow, role: Role, first: Uint8Array = NOTHING): Promise<Outcome> {
  const [wrote, heard] = await Promise.all([write(flow, role), read(flow, role, first)])
  if (role.part.ending !== 'abort') flow.close()
  return wrote === 'complete' ? heard : wrote
}

async function write(flow: TcpFlow, { part, own, text, clock }: Role): Promise<Outcome> {
  const end = part.ending === 'abort' ? text.length >> 1 : text.length
  for (let offset = 0; offset < end; ) {
    const next = Math.min(end, offset + part.pieceMax)
    const written = await flow.write(text.subarray(offset, next))
    if (!written.ok) return written.error
    own.written = offset = next
    if (part.pause > 0) await sleep(clock, part.pause)
  }
  return finish(flow, part, own)
}

function finish(flow: TcpFlow, { ending }: Part, own: End): Outcome {
  own.isDeaf = ending !== 'shutdown'
  if (ending === 'abort') {
    flow.abort()
    return 'ended'
  }
  own.isFinished = true
  if (ending === 'shutdown') flow.shutdown()
  else flow.close()
  return ending === 'shutdown' ? 'complete' : 'ended'
}

async function read(flow: TcpFlow, role: Role, first: Uint8Array): Promise<Outcome> {
  const { part, own, other, expected, clock } = role
  let offset = check(expected, 0, first)
  let hasStalled = part.stall === 0
  for (;;) {
    if (!hasStalled && 2 * offset >= expected.length) {
      hasStalled = true
      await sleep(clock, part.stall)
    }
    const chunk = await flow.read()
    if (!chunk.ok) return own.isDeaf ? 'ended' : chunk.error
    if (chunk.value === 'eof') {
      if (own.isDeaf) return 'ended'
      assert.ok(other.isFinished, 'the end of a stream that its writer has not ended')
      assert.equal(offset, other.written, 'the end of a stream comes after its last byte')
      return 'complete'
    }
    offset = check(expected, offset, chunk.value)
  }
}

/** Where the next bytes begin, if `chunk` is what was written from `offset` on. */
function check(expected: Uint8Array, offset: number, chunk: Uint8Array): number {
  const end = offset + chunk.length
  assert.ok(end <= expected.length, 'more bytes than were written')
  const isSame = Buffer.compare(chunk, expected.subarray(offset, end)) === 0
  assert.ok(isSame, `other bytes than were written from ${offset} to ${end}`)
  return end
}
