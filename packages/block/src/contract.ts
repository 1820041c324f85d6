/** What `Block` promises, as tests: every device runs them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { err, ok } from '@mirage/result'
import type { Block } from './block.ts'

/** Makes the devices that the suite tries. */
export interface Rig {
  /** A writable device of at least 8 sectors, new for each test. */
  readonly block: () => Promise<Block>
  /** A device of at least 1 sector that cannot be written, where there are such. */
  readonly readOnly?: () => Promise<Block>
}

/** Runs the suite of `Block` on devices that `rig` makes. */
export function blockContract(name: string, rig: Rig): void {
  describe(`${name} keeps the contract of Block`, () => {
    it('has sectors of a power of two of bytes, at least 512', async () => {
      const { info } = await rig.block()
      assert.ok(info.sectorSize >= 512)
      assert.ok(Number.isInteger(Math.log2(info.sectorSize)))
      assert.ok(info.writable && info.sectorCount >= 8)
    })

    it('reads what was written', async () => {
      const block = await rig.block()
      const written = sectors(block, 3, 7)
      assert.deepEqual(await block.write(2, [written]), ok(undefined))
      assert.deepEqual(await read(block, 2, 3), written)
    })

    it('writes no sector beside those it was told', async () => {
      const block = await rig.block()
      await block.write(0, [sectors(block, 8, 1)])
      await block.write(3, [sectors(block, 2, 9)])
      assert.deepEqual(await read(block, 0, 3), sectors(block, 8, 1).subarray(0, 3 * block.info.sectorSize))
      assert.deepEqual(await read(block, 5, 3), sectors(block, 8, 1).subarray(5 * block.info.sectorSize))
    })

    it('reaches the first and the last sector', async () => {
      const block = await rig.block()
      for (const sector of [0, block.info.sectorCount - 1]) {
        await block.write(sector, [sectors(block, 1, sector)])
        assert.deepEqual(await read(block, sector, 1), sectors(block, 1, sector))
      }
    })

    it('fills and writes several buffers one after the other', async () => {
      const block = await rig.block()
      const [first, second] = [sectors(block, 1, 3), sectors(block, 2, 4)]
      await block.write(1, [first, second])
      assert.deepEqual(await read(block, 1, 1), first)
      assert.deepEqual(await read(block, 2, 2), second)
      const [a, b] = [sectors(block, 2, 0), sectors(block, 1, 0)]
      await block.read(1, [a, b])
      assert.deepEqual([...a, ...b], [...first, ...second])
    })

    it('transfers nothing without buffers', async () => {
      const block = await rig.block()
      assert.deepEqual(await block.read(0, []), ok(undefined))
      assert.deepEqual(await block.write(block.info.sectorCount, []), ok(undefined))
    })

    it('takes buffers that are views of larger ones, and touches nothing around them', async () => {
      const block = await rig.block()
      const { sectorSize } = block.info
      const large = new Uint8Array(3 * sectorSize).fill(0xee)
      const view = large.subarray(sectorSize + 1, 2 * sectorSize + 1)
      view.set(sectors(block, 1, 5))
      await block.write(4, [view])
      view.fill(0)
      await block.read(4, [view])
      assert.deepEqual(view, sectors(block, 1, 5))
      assert.ok(large.subarray(0, sectorSize + 1).every((byte) => byte === 0xee))
      assert.ok(large.subarray(2 * sectorSize + 1).every((byte) => byte === 0xee))
    })

    it('keeps a copy of what it was given', async () => {
      const block = await rig.block()
      const buffer = sectors(block, 1, 6)
      await block.write(0, [buffer])
      buffer.fill(0)
      assert.deepEqual(await read(block, 0, 1), sectors(block, 1, 6))
    })

    it('throws on sectors outside the device', async () => {
      const block = await rig.block()
      const { sectorCount } = block.info
      for (const [sector, count] of [
        [sectorCount, 1],
        [sectorCount - 1, 2],
        [-1, 1],
        [0.5, 1],
        [2 ** 53, 1],
      ] as const) {
        await assert.rejects(block.read(sector, [sectors(block, count, 0)]), `read ${count} from ${sector}`)
        await assert.rejects(block.write(sector, [sectors(block, count, 0)]), `write ${count} to ${sector}`)
      }
      await assert.rejects(block.read(sectorCount - 1, [sectors(block, 1, 0), sectors(block, 1, 0)]))
    })

    it('throws on a buffer that is no whole number of sectors', async () => {
      const block = await rig.block()
      for (const length of [1, block.info.sectorSize - 1, block.info.sectorSize + 1]) {
        await assert.rejects(block.read(0, [new Uint8Array(length)]))
        await assert.rejects(block.write(0, [new Uint8Array(length)]))
      }
    })

    it('flushes', async () => {
      const block = await rig.block()
      await block.write(0, [sectors(block, 1, 1)])
      assert.deepEqual(await block.flush(), ok(undefined))
    })

    it('answers nothing but that it is disconnected, once it is', async () => {
      const block = await rig.block()
      block.disconnect()
      block.disconnect()
      assert.deepEqual(await block.read(0, [sectors(block, 1, 0)]), err('disconnected'))
      assert.deepEqual(await block.write(0, [sectors(block, 1, 0)]), err('disconnected'))
      assert.deepEqual(await block.flush(), err('disconnected'))
    })

    it('reads and does not write where it cannot be written', {
      skip: rig.readOnly === undefined,
    }, async () => {
      const block = await rig.readOnly?.()
      assert.ok(block !== undefined && !block.info.writable)
      const before = await read(block, 0, 1)
      assert.deepEqual(await block.write(0, [sectors(block, 1, 3)]), err('read-only'))
      assert.deepEqual(await read(block, 0, 1), before)
    })
  })
}

/** Sectors that differ from each other and from those of another `seed`. */
function sectors({ info }: Block, count: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: count * info.sectorSize }, (_, i) => (i >> 9) * 31 + i + seed * 57)
}

async function read(block: Block, sector: number, count: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(count * block.info.sectorSize)
  assert.deepEqual(await block.read(sector, [buffer]), ok(undefined))
  return buffer
}
