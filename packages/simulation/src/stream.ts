/** Independent streams of random numbers from one seed, by name. */
import type { Random } from '@mirage/random'
import { seeded } from '@mirage/random/seeded'

/** The stream of `seed`, 32 bits, with this name: another for any other seed or name. Not secure. */
export function stream(seed: number, name: string): Random {
  return seeded(hash(seed, name))
}

/** FNV-1a of the seed's four bytes and the name's characters. */
function hash(seed: number, name: string): number {
  let sum = 0x811c_9dc5
  for (let shift = 0; shift < 32; shift += 8) sum = Math.imul(sum ^ ((seed >>> shift) & 0xff), 0x0100_0193)
  for (let i = 0; i < name.length; i++) sum = Math.imul(sum ^ name.charCodeAt(i), 0x0100_0193)
  return sum >>> 0
}
