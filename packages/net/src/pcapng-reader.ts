/** Reads captures in the format pcapng, piece by piece: any order of bytes, any resolution, any number of interfaces. */
import { decode } from '@mirage/bytes/utf8'
import { type Result, done, err } from '@mirage/result'
import * as format from './pcapng.ts'
import type { Direction, Statistics } from './pcapng.ts'

/** A frame of a capture. Its bytes are the reader's own until the call returns. */
export interface Packet {
  /** The name of its interface, empty where the capture does not tell. */
  readonly name: string
  /** LINKTYPE_: what the frame is one of; 1 is Ethernet. */
  readonly linkType: number
  /** Nanoseconds since 1970; `undefined` in simple packets, which have no time. */
  readonly time: bigint | undefined
  readonly frame: Uint8Array
  /** How many bytes the frame had, of which some may not have been kept. */
  readonly length: number
  readonly direction: Direction
}

/** What a capture tells of the interface `name`: a count that it does not tell is `undefined`. */
export interface Told {
  readonly name: string
  readonly received: Statistics['received'] | undefined
  readonly dropped: Statistics['dropped'] | undefined
}

/** What is wrong with a capture. */
export type PcapngError =
  /** It does not begin with a section header. */
  | 'not-pcapng'
  /** A version other than 1. */
  | 'bad-version'
  /** A length that is no multiple of four, too small, or not the same at both ends. */
  | 'bad-block'
  /** A block of more than 16 MiB, or more interfaces than a section may have here. */
  | 'too-large'
  /** An interface that was not described, or one with times that cannot be. */
  | 'bad-interface'

/** The largest block that is read: what Wireshark takes. */
export const BLOCK_SIZE_MAX: number = 16 * 1024 * 1024
/** Interfaces of one section. */
const INTERFACES_MAX = 4096
/** Resolutions finer than these would not be of this world: 10^-18 and 2^-63 seconds. */
const DECIMAL_MAX = 18
const BINARY_MAX = 63

interface InterfaceTimes {
  readonly name: string
  readonly linkType: number
  readonly snapLength: number
  /** Units per second, and seconds to add. */
  readonly units: bigint
  readonly offset: bigint
}

/** A capture that arrives in pieces. */
export class Reader {
  readonly #receive: (packet: Packet) => void
  readonly #hear: (told: Told) => void
  #error: PcapngError | undefined
  /** The block that is not complete: its bytes so far, and how many it needs before more can be said. */
  #pieces: Uint8Array[] = []
  #length = 0
  #needed = format.BLOCK_OVERHEAD
  #isLittle: boolean | undefined
  #interfaces: InterfaceTimes[] = []

  /** `receive` is called for each packet, in their order, and `hear` for the counts of interfaces between them. */
  constructor(receive: (packet: Packet) => void, hear: (told: Told) => void = () => {}) {
    this.#receive = receive
    this.#hear = hear
  }

  /** Whether nothing is missing of the last block. */
  get isComplete(): boolean {
    return this.#length === 0 && this.#isLittle !== undefined && this.#error === undefined
  }

  /** Takes the next bytes. After an error nothing more is read, and it stays. */
  input(chunk: Uint8Array): Result<void, PcapngError> {
    if (this.#error !== undefined) return err(this.#error)
    this.#pieces.push(chunk)
    this.#length += chunk.length
    if (this.#length >= this.#needed) this.#error = this.#read(this.#joined())
    else this.#keep(chunk)
    return this.#error === undefined ? done : err(this.#error)
  }

  #joined(): Uint8Array {
    if (this.#pieces.length === 1) return this.#pieces[0]!
    const bytes = new Uint8Array(this.#length)
    let offset = 0
    for (const piece of this.#pieces) {
      bytes.set(piece, offset)
      offset += piece.length
    }
    return bytes
  }

  /** What is kept is copied, since the chunk is the caller's again: not by `slice`, which some hosts' arrays share. */
  #keep(chunk: Uint8Array): void {
    this.#pieces[this.#pieces.length - 1] = new Uint8Array(chunk)
  }

  /** Reads every whole block of `bytes`, and keeps the rest. */
  #read(bytes: Uint8Array): PcapngError | undefined {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    let offset = 0
    this.#needed = format.BLOCK_OVERHEAD
    while (bytes.length - offset >= format.BLOCK_OVERHEAD) {
      const type = view.getUint32(offset, true)
      if (type === format.SECTION_HEADER) {
        const order = orderOf(view.getUint32(offset + 8, true))
        if (order === undefined) return this.#isLittle === undefined ? 'not-pcapng' : 'bad-block'
        this.#isLittle = order
      } else if (this.#isLittle === undefined) {
        return 'not-pcapng'
      }
      const size = view.getUint32(offset + 4, this.#isLittle)
      if (size < format.BLOCK_OVERHEAD || size % 4 !== 0) return 'bad-block'
      if (size > BLOCK_SIZE_MAX) return 'too-large'
      if (bytes.length - offset < size) {
        this.#needed = size
        break
      }
      if (view.getUint32(offset + size - 4, this.#isLittle) !== size) return 'bad-block'
      const error = this.#block(new Block(bytes.subarray(offset, offset + size), this.#isLittle))
      if (error !== undefined) return error
      offset += size
    }
    this.#length = bytes.length - offset
    this.#pieces = this.#length === 0 ? [] : [new Uint8Array(bytes.subarray(offset))]
    return undefined
  }

  #block(block: Block): PcapngError | undefined {
    switch (block.type) {
      case format.SECTION_HEADER:
        return this.#section(block)
      case format.INTERFACE:
        return this.#interface(block)
      case format.ENHANCED_PACKET:
        return this.#enhanced(block)
      case format.SIMPLE_PACKET:
        return this.#simple(block)
      case format.STATISTICS:
        return this.#statistics(block)
      default:
        // Names, secrets and what is yet to be invented: draft §4 has readers skip them.
        return undefined
    }
  }

  #section(block: Block): PcapngError | undefined {
    if (block.size < format.BLOCK_OVERHEAD + 16) return 'bad-block'
    if (block.u16(12) !== 1) return 'bad-version'
    this.#interfaces = []
    return undefined
  }

  #interface(block: Block): PcapngError | undefined {
    if (block.size < format.BLOCK_OVERHEAD + 8) return 'bad-block'
    if (this.#interfaces.length >= INTERFACES_MAX) return 'too-large'
    const options = block.options(16)
    if (options === undefined) return 'bad-block'
    const units = unitsOf(options.get(format.OPTION.resolution))
    if (units === undefined) return 'bad-interface'
    const name = options.get(format.OPTION.name)
    this.#interfaces.push({
      name: name === undefined ? '' : decode(name),
      linkType: block.u16(8),
      snapLength: block.u32(12),
      units,
      offset: signed(options.get(format.OPTION.offset), block.isLittle),
    })
    return undefined
  }

  #enhanced(block: Block): PcapngError | undefined {
    if (block.size < format.BLOCK_OVERHEAD + format.PACKET_HEADER_SIZE) return 'bad-block'
    const from = this.#interfaces[block.u32(8)]
    if (from === undefined) return 'bad-interface'
    const captured = block.u32(20)
    if (captured > block.size - format.BLOCK_OVERHEAD - format.PACKET_HEADER_SIZE) return 'bad-block'
    const options = block.options(28 + format.padded(captured))
    if (options === undefined) return 'bad-block'
    const units = (BigInt(block.u32(12)) << 32n) | BigInt(block.u32(16))
    this.#receive({
      name: from.name,
      linkType: from.linkType,
      time: (units * 1_000_000_000n) / from.units + from.offset * 1_000_000_000n,
      frame: block.bytes.subarray(28, 28 + captured),
      length: block.u32(24),
      direction: directionOf(options.get(format.OPTION.flags), block.isLittle),
    })
    return undefined
  }

  #statistics(block: Block): PcapngError | undefined {
    if (block.size < format.BLOCK_OVERHEAD + 12) return 'bad-block'
    const of = this.#interfaces[block.u32(8)]
    if (of === undefined) return 'bad-interface'
    const options = block.options(20)
    if (options === undefined) return 'bad-block'
    const { received, dropped } = format.OPTION
    this.#hear({
      name: of.name,
      received: counter(options.get(received), block.isLittle),
      dropped: counter(options.get(dropped), block.isLittle),
    })
    return undefined
  }

  #simple(block: Block): PcapngError | undefined {
    const room = block.size - format.BLOCK_OVERHEAD - 4
    if (room < 0) return 'bad-block'
    const from = this.#interfaces[0]
    if (from === undefined) return 'bad-interface'
    const length = block.u32(8)
    const captured = from.snapLength === 0 ? length : Math.min(length, from.snapLength)
    if (captured > room) return 'bad-block'
    const { name, linkType } = from
    const frame = block.bytes.subarray(12, 12 + captured)
    this.#receive({ name, linkType, time: undefined, frame, length, direction: undefined })
    return undefined
  }
}

/** A whole block, in its order of bytes. */
class Block {
  readonly bytes: Uint8Array
  readonly isLittle: boolean
  readonly #view: DataView

  constructor(bytes: Uint8Array, isLittle: boolean) {
    this.bytes = bytes
    this.isLittle = isLittle
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get type(): number {
    return this.u32(0)
  }

  get size(): number {
    return this.bytes.length
  }

  u16(offset: number): number {
    return this.#view.getUint16(offset, this.isLittle)
  }

  u32(offset: number): number {
    return this.#view.getUint32(offset, this.isLittle)
  }

  /** The values of the options from `start` on, the first of each code; `undefined` if one does not fit. */
  options(start: number): ReadonlyMap<number, Uint8Array> | undefined {
    const found = new Map<number, Uint8Array>()
    const end = this.size - 4
    let offset = start
    while (offset + 4 <= end) {
      const code = this.u16(offset)
      const length = this.u16(offset + 2)
      if (code === format.OPTION.end) break
      if (offset + 4 + length > end) return undefined
      if (!found.has(code)) found.set(code, this.bytes.subarray(offset + 4, offset + 4 + length))
      offset += 4 + format.padded(length)
    }
    return found
  }
}

/** Whether a section whose magic reads so, least significant byte first, is little-endian. */
function orderOf(magic: number): boolean | undefined {
  if (magic === format.BYTE_ORDER_MAGIC) return true
  return magic === 0x4d3c_2b1a ? false : undefined
}

/** Units per second; microseconds unless told. */
function unitsOf(resolution: Uint8Array | undefined): bigint | undefined {
  if (resolution === undefined) return 1_000_000n
  const [value] = resolution
  if (value === undefined) return undefined
  const power = value & 0x7f
  if (value >= 0x80) return power <= BINARY_MAX ? 1n << BigInt(power) : undefined
  return power <= DECIMAL_MAX ? 10n ** BigInt(power) : undefined
}

function counter(value: Uint8Array | undefined, isLittle: boolean): bigint | undefined {
  if (value === undefined || value.length !== 8) return undefined
  return new DataView(value.buffer, value.byteOffset, 8).getBigUint64(0, isLittle)
}

/** A signed 64-bit integer; zero where there is none. */
function signed(value: Uint8Array | undefined, isLittle: boolean): bigint {
  if (value === undefined || value.length !== 8) return 0n
  return new DataView(value.buffer, value.byteOffset, 8).getBigInt64(0, isLittle)
}

function directionOf(flags: Uint8Array | undefined, isLittle: boolean): Direction {
  if (flags === undefined || flags.length !== 4) return undefined
  const bits = flags[isLittle ? 0 : 3]! & 3
  return bits === 1 ? 'in' : bits === 2 ? 'out' : undefined
}
