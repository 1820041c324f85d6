import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { copy } from './copy.ts'

describe('copy', () => {
  it('moves the bytes that are there when it begins, over each other too, and no others', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 8, maxLength: 64 }),
        fc.nat(),
        fc.nat(),
        fc.nat(),
        (bytes, ...at) => {
          const length = at[0] % (bytes.length + 1)
          const [to, from] = [at[1], at[2]].map((any) => any % (bytes.length - length + 1)) as [
            number,
            number,
          ]
          const before = Array.from(bytes)
          copy(bytes, to, bytes, from, length)
          const expected = before.map((byte, i) =>
            i >= to && i < to + length ? before[from + i - to] : byte,
          )
          assert.deepEqual(Array.from(bytes), expected)
        },
      ),
    )
  })
})
