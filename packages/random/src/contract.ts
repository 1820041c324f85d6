/** What `Random` promises, as tests: every generator's package runs them, on a fresh one for each. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Random, below, u32 } from './random.ts'

/** Runs the suite of `Random` on generators that `make` makes. */
export function randomContract(name: string, make: () => Random | Promise<Random>): void {
  describe(`${name} keeps the contract of Random`, () => {
    it('generates exactly as many bytes as were asked for', async () => {
      const random = await make()
      for (const count of [0, 1, 2, 3, 4, 31, 32, 33, 1000, 1024, 1025, 65_536, 200_000]) {
        assert.equal(random.generate(count).length, count)
      }
    })

    it('throws on a count that is negative or no integer', async () => {
      const random = await make()
      for (const count of [-1, 0.5, Number.NaN, Infinity]) assert.throws(() => random.generate(count))
    })

    it("gives bytes that are the caller's to keep and to change", async () => {
      const random = await make()
      const kept = random.generate(16)
      const copy = Uint8Array.from(kept)
      random.generate(16).fill(0xff)
      random.generate(4096)
      assert.deepEqual(kept, copy)
    })

    it('never repeats itself', async () => {
      const random = await make()
      const seen = new Set<string>()
      for (let i = 0; i < 1000; i++) seen.add(random.generate(16).join())
      assert.equal(seen.size, 1000)
    })

    it('gives every value of every byte, about equally often', async () => {
      const random = await make()
      const counts = Array.from({ length: 256 }, () => 0)
      for (const byte of random.generate(256_000)) counts[byte]!++
      for (let i = 0; i < 512; i++) for (const byte of random.generate(3)) counts[byte]!++
      // 1006 are expected, with a deviation of 32: six of them are exceeded once in 500 million.
      for (const [byte, count] of counts.entries()) {
        assert.ok(Math.abs(count - 1006) < 200, `${byte} came ${count} times`)
      }
    })

    it('draws uniformly below a bound, and all 32 bits', async () => {
      const random = await make()
      const counts = [0, 0, 0]
      for (let i = 0; i < 3000; i++) counts[below(random, 3)]!++
      for (const count of counts) assert.ok(Math.abs(count - 1000) < 170, counts.join())
      let ones = 0
      let zeros = 0
      for (let i = 0; i < 64; i++) {
        const word = u32(random)
        assert.ok(Number.isInteger(word) && word >= 0 && word <= 0xffff_ffff)
        ones |= word
        zeros |= ~word
      }
      assert.deepEqual([ones >>> 0, zeros >>> 0], [0xffff_ffff, 0xffff_ffff])
    })
  })
}
