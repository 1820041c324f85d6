import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { low32 } from './siphash.ts'

const count = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i)

// The key 00 01 02 … and as many bytes 00 01 02 …: vectors of the reference implementation, and for 15 bytes the
// example of the paper's appendix A.
const vectors: [length: number, hash: bigint][] = [
  [0, 0x726f_db47_dd0e_0e31n],
  [1, 0x74f8_39c5_93dc_67fdn],
  [2, 0x0d6c_8009_d9a9_4f5an],
  [3, 0x8567_6696_d7fb_7e2dn],
  [4, 0xcf27_94e0_2771_87b7n],
  [5, 0x1876_5564_cd99_a68dn],
  [6, 0xcbc9_466e_58fe_e3cen],
  [7, 0xab02_00f5_8b01_d137n],
  [8, 0x93f5_f579_9a93_2462n],
  [15, 0xa129_ca61_49be_45e5n],
]

describe('the hash', () => {
  for (const [length, hash] of vectors) {
    it(`of ${length} bytes is the reference's`, () => {
      assert.equal(BigInt(low32(count(16), count(length)) >>> 0), hash & 0xffff_ffffn)
    })
  }
})
