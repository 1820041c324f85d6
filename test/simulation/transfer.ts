/** Bytes that go from one end of a flow to the other, and are compared with what was sent. */
import assert from 'node:assert/strict'
import type { Flow } from '@mirage/flow'
import { seeded } from '@mirage/random/seeded'

/** How much a sender writes at once. */
const CHUNK_SIZE = 65_536

/** Bytes that no shift of them equals. */
export function noise(length: number, seed: number): Uint8Array {
  return seeded(seed).generate(length)
}

/** Writes all of `bytes` and says that this was all. */
export async function send(flow: Flow, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; offset += CHUNK_SIZE) {
    const written = await flow.write(bytes.subarray(offset, offset + CHUNK_SIZE))
    assert.ok(written.ok, `write at ${offset}: ${written.ok || written.error}`)
  }
  flow.shutdown()
}

/** Reads up to the end, and fails at the first byte that differs from `expected`, or is missing. */
export async function receive(flow: Flow, expected: Uint8Array): Promise<void> {
  let offset = 0
  for (;;) {
    const chunk = await flow.read()
    assert.ok(chunk.ok, `read at ${offset}: ${chunk.ok || chunk.error}`)
    if (chunk.value === 'eof') break
    const isSame = Buffer.compare(chunk.value, expected.subarray(offset, offset + chunk.value.length)) === 0
    assert.ok(isSame, `other bytes than were sent from ${offset} to ${offset + chunk.value.length}`)
    offset += chunk.value.length
  }
  assert.equal(offset, expected.length, 'the end came too early')
}
