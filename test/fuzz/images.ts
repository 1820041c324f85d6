/**
 * `npm run fuzz:images [-- COUNT [SEED]]`: images that are almost right, for the reader and for whoever makes images.
 *
 * Each must be read or rejected, at once, without an exception; what is read must hold what reading promises.
 */
import { existsSync, readFileSync } from 'node:fs'
import { loaded, parse } from '../../packages/image/src/elf.ts'
import { assemble, readImage } from '../../packages/image/src/image.ts'
import { base } from '../../packages/image/src/testing/files.ts'
import { mutate } from '../../packages/image/src/testing/mutations.ts'

/** Fuzzes with `count` files from the seed `first` on; throws at the first that breaks a promise. */
export function fuzzImages(count: number, first: number): { accepted: number; rejected: number } {
  const program = new Uint8Array(3000).fill(7)
  const small = base()
  const image = assemble(small, program, [{ name: 'service', type: 'NET_BASIC' }])
  if (!image.ok) throw new Error(image.error)
  const files = [small, image.value]
  let accepted = 0
  for (let seed = first; seed < first + count; seed++) {
    const file = mutate(files[seed % files.length]!, seed)
    try {
      if (check(file)) accepted += 1
      assemble(file, program, [])
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error })
    }
  }
  return { accepted, rejected: count - accepted }
}

/** Whether `file` is an image; throws if it is one that could not be loaded. */
function check(file: Uint8Array): boolean {
  const elf = parse(file)
  if (!elf.ok) return false
  let end = 0
  for (const { address, memorySize, offset, fileSize, flags } of loaded(elf.value.segments)) {
    if (address < end || fileSize > memorySize || offset + fileSize > file.length)
      throw new Error('cannot be loaded')
    if ((flags & 3) === 3) throw new Error('writable and executable')
    end = address + memorySize
  }
  const image = readImage(file)
  if (image.ok && image.value.devices.length > 63) throw new Error('too many devices')
  return image.ok
}

const [count = '100000', seed = '1'] = process.argv.slice(2)
const { accepted, rejected } = fuzzImages(Number(count), Number(seed))
console.log(`${accepted} accepted, ${rejected} rejected, none broke a promise`)
const real = new URL('../../packages/engine-quickjs/dist/base-spt.elf', import.meta.url)
if (existsSync(real)) {
  const file = readFileSync(real)
  for (let each = 0; each < Math.min(2000, Number(count)); each++) check(mutate(file, Number(seed) + each))
  console.log('nor did a real base')
}
