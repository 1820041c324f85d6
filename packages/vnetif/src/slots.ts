/** The memory of frames on their way: buffers that are lent, sent, and lent again. */
import { allocate, note } from '@mirage/bytes/arena'
import type { Offload } from '@mirage/net'
import { TRAILING_MAX } from './faults.ts'

/** One frame's buffer. Its views are kept, since a view costs more than what it shows and lengths repeat. */
export class Slot<Owner> {
  readonly owner: Owner
  /** How often the frame is still to arrive. */
  uses = 0
  /** Whether its checksums are known to be right, or to be missing by agreement. */
  isChecked = false
  /** What was left to the device, if it `isChecked`. */
  readonly offload: Offload = {
    checksumStart: 0,
    checksumOffset: 0,
    segmentSize: 0,
    headerSize: 0,
    isIpv6: false,
    isUdp: false,
  }
  readonly #bytes: Uint8Array
  #view: Uint8Array
  #length = 0
  /** Bytes from here on were never written. */
  #clean = 0

  /** `bytes` are the slot's alone, and hold zeros. */
  constructor(owner: Owner, bytes: Uint8Array) {
    this.owner = owner
    this.#bytes = bytes
    this.#view = bytes
  }

  /** A buffer of exactly `size` bytes, to be filled: zeroed, unless each of its bytes `isFilled`. */
  lend(size: number, isFilled: boolean): Uint8Array {
    if (!isFilled) this.#bytes.fill(0, 0, Math.min(size, this.#clean))
    this.#clean = Math.max(size, this.#clean)
    return this.#show(size)
  }

  /** Makes the first `length` bytes the frame. */
  hold(length: number): void {
    this.#length = length
  }

  /** Notes what was left to the device. The caller's record may serve for other frames. */
  leave(offload: Readonly<Offload> | undefined): void {
    this.isChecked = offload !== undefined
    if (offload === undefined) return
    const own = this.offload
    own.checksumStart = offload.checksumStart
    own.checksumOffset = offload.checksumOffset
    own.segmentSize = offload.segmentSize
    own.headerSize = offload.headerSize
    own.isIpv6 = offload.isIpv6
    own.isUdp = offload.isUdp
  }

  get length(): number {
    return this.#length
  }

  /** The frame. */
  frame(): Uint8Array {
    return this.#show(this.#length)
  }

  /** Makes `tail`, at most `TRAILING_MAX` bytes, the end of the frame. */
  append(tail: Uint8Array): void {
    this.#bytes.set(tail, this.#length)
    this.#length += tail.length
    this.#clean = Math.max(this.#clean, this.#length)
  }

  /** Flips the bit of the frame that is `bit` bits from its first one. */
  flip(bit: number): void {
    this.#bytes[bit >>> 3]! ^= 0x80 >>> (bit & 7)
  }

  #show(length: number): Uint8Array {
    if (this.#view.length !== length) {
      this.#view = this.#bytes.subarray(0, length)
      note(this.#view)
    }
    return this.#view
  }
}

/** Slots are made so many at a time, each time as many as there are; fewer buffers are faster to sum. */
const SLAB_COUNT_MIN = 16
/** Ethernet's 14 bytes end at a word where the frame begins in the middle of one, which makes sums cheaper. */
const ALIGNMENT = 64
const OFFSET = 2

/** At most `countMax` slots, made when they are first needed. The one used last is used next: it is in the cache. */
export class Slots<Owner> {
  readonly #owner: Owner
  readonly #sizeMax: number
  readonly #countMax: number
  readonly #free: Slot<Owner>[] = []
  #count = 0

  constructor(owner: Owner, sizeMax: number, countMax: number) {
    this.#owner = owner
    this.#sizeMax = sizeMax + TRAILING_MAX
    this.#countMax = countMax
  }

  take(): Slot<Owner> | undefined {
    if (this.#free.length === 0) this.#grow()
    return this.#free.pop()
  }

  give(slot: Slot<Owner>): void {
    this.#free.push(slot)
  }

  #grow(): void {
    const count = Math.min(Math.max(this.#count, SLAB_COUNT_MIN), this.#countMax - this.#count)
    const stride = Math.ceil((OFFSET + this.#sizeMax) / ALIGNMENT) * ALIGNMENT
    const slab = allocate(count * stride)
    for (let start = slab.length - stride; start >= 0; start -= stride) {
      this.#free.push(new Slot(this.#owner, slab.subarray(start + OFFSET, start + OFFSET + this.#sizeMax)))
    }
    this.#count += count
  }
}
