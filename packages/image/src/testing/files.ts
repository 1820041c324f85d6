/** Executables for tests, put together field by field as the System V ABI has them. */

/** A segment of a file: where its bytes lie follows from them. */
export interface Piece {
  readonly type: number
  readonly flags: number
  readonly address: number
  readonly bytes: Uint8Array
  /** As many as the file has, unless told. */
  readonly memorySize?: number
}

/** Fields of the header that are to be wrong: offset, size in bytes, value. */
export type Patch = readonly [offset: number, size: 1 | 2 | 4 | 8, value: number | bigint]

const [HEADER, SEGMENT, ALIGN] = [64, 56, 0x1000]

/** An executable with these segments, entered at `entry`; `patches` are made last. */
export function executable(
  pieces: readonly Piece[],
  entry: number,
  patches: readonly Patch[] = [],
): Uint8Array {
  const offsets: number[] = []
  let end = HEADER + pieces.length * SEGMENT
  for (const { bytes, type } of pieces) {
    if (type === 1) end = Math.ceil(end / ALIGN) * ALIGN
    else end = Math.ceil(end / 8) * 8
    offsets.push(end)
    end += bytes.length
  }
  const file = new Uint8Array(end)
  const view = new DataView(file.buffer)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  view.setUint16(16, 2, true)
  view.setUint16(18, 62, true)
  view.setUint32(20, 1, true)
  view.setBigUint64(24, BigInt(entry), true)
  view.setBigUint64(32, BigInt(HEADER), true)
  view.setUint16(52, HEADER, true)
  view.setUint16(54, SEGMENT, true)
  view.setUint16(56, pieces.length, true)
  pieces.forEach(({ type, flags, address, bytes, memorySize = bytes.length }, index) => {
    const at = HEADER + index * SEGMENT
    view.setUint32(at, type, true)
    view.setUint32(at + 4, flags, true)
    view.setBigUint64(at + 8, BigInt(offsets[index]!), true)
    view.setBigUint64(at + 16, BigInt(address), true)
    view.setBigUint64(at + 24, BigInt(address), true)
    view.setBigUint64(at + 32, BigInt(bytes.length), true)
    view.setBigUint64(at + 40, BigInt(memorySize), true)
    view.setBigUint64(at + 48, BigInt(ALIGN), true)
    file.set(bytes, offsets[index])
  })
  for (const [offset, size, value] of patches) {
    if (size === 8) view.setBigUint64(offset, BigInt(value), true)
    else if (size === 4) view.setUint32(offset, Number(value), true)
    else if (size === 2) view.setUint16(offset, Number(value), true)
    else file[offset] = Number(value)
  }
  return file
}

/** A note with a name of up to seven letters, in `size` bytes. */
export function note(
  name: string,
  type: number,
  content: Uint8Array,
  size = 20 + content.length,
): Uint8Array {
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, name.length + 1, true)
  view.setUint32(4, content.length, true)
  view.setUint32(8, type, true)
  for (let index = 0; index < name.length; index++) bytes[12 + index] = name.charCodeAt(index)
  bytes.set(content, 20)
  return bytes
}

/** Little-endian words. */
export function words(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer)
}

/** The content of an empty manifest, as Solo5's tools write it: version 1, one entry, which is the reserved one. */
export const EMPTY_MANIFEST: Uint8Array = words(
  0,
  1,
  1,
  ...Array<number>(17).fill(0),
  1 << 30,
  ...Array<number>(8).fill(0),
)

/** Room for 63 devices. */
const MANIFEST_SIZE = 20 + 4 + 8 + 64 * 104

export const TEXT: Piece = { type: 1, flags: 5, address: 0x100000, bytes: new Uint8Array(100).fill(0x90) }
export const DATA: Piece = {
  type: 1,
  flags: 6,
  address: 0x102000,
  bytes: new Uint8Array(50),
  memorySize: 0x2345,
}
export const ABI: Piece = {
  type: 4,
  flags: 4,
  address: 0x101000,
  bytes: note('Solo5', 0x31494241, words(2, 2, 0, 0)),
}
export const MANIFEST: Piece = {
  type: 4,
  flags: 4,
  address: 0x101028,
  bytes: note('Solo5', 0x3154464d, EMPTY_MANIFEST, MANIFEST_SIZE),
}
export const PROGRAM: Piece = {
  type: 4,
  flags: 4,
  address: 0x101f00,
  bytes: note('Mirage', 1, words(0, 0, 0, 0, 0)),
}
export const SPARE: Piece = { type: 0, flags: 4, address: 0, bytes: new Uint8Array(0) }

/** A base as the build makes them, only smaller. */
export function base(): Uint8Array {
  return executable([TEXT, DATA, ABI, MANIFEST, PROGRAM, SPARE], 0x100010)
}
