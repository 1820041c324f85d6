/** Files that are almost right: the same seed gives the same one. */

/** A copy of `file` with a few changes where they hurt: fields become boundaries, bytes flip, the end is cut off. */
export function mutate(file: Uint8Array, seed: number): Uint8Array {
  const random = generator(seed)
  const copy = file.slice()
  const view = new DataView(copy.buffer)
  for (let left = 1 + random(3); left > 0; left--) {
    const offset = random(2) === 0 ? random(Math.min(512, copy.length - 8)) : random(copy.length - 8)
    switch (random(4)) {
      case 0:
        copy[offset]! ^= 1 << random(8)
        break
      case 1:
        view.setUint16(offset & ~1, EDGES[random(EDGES.length)]! & 0xffff, true)
        break
      case 2:
        view.setUint32(offset & ~3, EDGES[random(EDGES.length)]!, true)
        break
      default:
        view.setBigUint64(offset & ~7, LARGE_EDGES[random(LARGE_EDGES.length)]!, true)
    }
  }
  return random(8) === 0 ? copy.subarray(0, random(copy.length)) : copy
}

const EDGES = [
  0, 1, 2, 3, 4, 7, 0x38, 0x40, 0x7f, 0xff, 0xfff, 0x1000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
]
const LARGE_EDGES = [
  0n,
  1n,
  0xfffn,
  0x1000n,
  0x10_0000n,
  2n ** 32n - 1n,
  2n ** 40n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
]

/** Natural numbers below a bound: mulberry32. */
function generator(seed: number): (bound: number) => number {
  let state = seed >>> 0
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
}
