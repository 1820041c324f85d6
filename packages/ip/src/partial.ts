/** One packet while its fragments arrive, in any order: RFC 791 §3.2, RFC 8200 §4.5. It knows no time and no others. */

/** A part of a packet, lent until the call that it is passed to returns. */
export interface Fragment {
  readonly frame: Uint8Array
  /** What the packet begins with if this is its first fragment: `frame` from `header` up to `headerEnd`. */
  readonly header: number
  readonly headerEnd: number
  /** The payload of this fragment: `frame` from `offset` up to `end`. */
  readonly offset: number
  readonly end: number
  /** How many bytes of the packet's payload come before; a multiple of 8, as every header has it. */
  readonly position: number
  /** Whether more of the packet comes behind. */
  readonly hasMore: boolean
  /** The most bytes of payload that the packet can have behind such a header. */
  readonly sizeMax: number
}

/** Why fragments are not of one packet, whatever else may come. */
export type FragmentError =
  /** Two of them hold the same byte: RFC 5722 says why that is not a mistake. */
  | 'fragment-overlap'
  /** It is empty, or not the last and yet no multiple of 8 long. */
  | 'fragment-size'
  /** It lies behind the last one. */
  | 'fragment-beyond-end'
  /** The packet would be larger than one can be. */
  | 'fragment-too-long'
  /** There are more than anybody needs to cut a packet into. */
  | 'fragment-too-many'

/**
 * Fragments that a packet may have whatever their size. No link is so narrow that more of them have to be this
 * small, and small ones cost more than they carry.
 */
export const SMALL_FRAGMENTS_MAX = 16
/** What a packet in more fragments has in each of them but one, on average: the least MTU of RFC 1122 cuts at 552. */
export const SMALL_SIZE = 512
/** The most bytes of a header that is kept: 60 for IPv4, and what a host may expect of IPv6 (RFC 8504 §5.3). */
export const HEADER_SIZE_MAX = 128

interface Part {
  readonly position: number
  /** A copy, with no more behind it than it shows. */
  readonly bytes: Uint8Array
}

const UNKNOWN = -1

/** What arrived of one packet. */
export class PartialPacket {
  /** In the order of their positions; no two overlap. */
  #parts: Part[] = []
  #header: Uint8Array | undefined
  #length = 0
  /** Where the payload ends, once the last fragment came, and where what came ends. */
  #end: number = UNKNOWN
  #reach = 0
  #sizeMax: number = Infinity

  /** Bytes of payload that it keeps. */
  get length(): number {
    return this.#length
  }

  /** Fragments that it keeps. */
  get count(): number {
    return this.#parts.length
  }

  /** Why the packet cannot be one, with this fragment. Those of it that were kept have passed. */
  errorOf({
    header,
    headerEnd,
    offset,
    end,
    position,
    hasMore,
    sizeMax,
  }: Fragment): FragmentError | undefined {
    const length = end - offset
    const stop = position + length
    if (length <= 0 || (hasMore && length % 8 !== 0)) return 'fragment-size'
    if (this.#overlaps(position, stop)) return 'fragment-overlap'
    if (hasMore ? this.#end !== UNKNOWN && stop > this.#end : this.#end !== UNKNOWN || stop < this.#reach)
      return 'fragment-beyond-end'
    if (Math.max(stop, this.#reach) > Math.min(sizeMax, this.#sizeMax)) return 'fragment-too-long'
    if (position === 0 && headerEnd - header > HEADER_SIZE_MAX) return 'fragment-too-long'
    const count = this.#parts.length + 1
    if (count > SMALL_FRAGMENTS_MAX && this.#length + length < (count - 1) * SMALL_SIZE)
      return 'fragment-too-many'
    return undefined
  }

  /** Whether the packet is whole with this fragment, which is no error: nothing overlaps, so it is enough to count. */
  isWholeWith({ offset, end, position, hasMore }: Fragment): boolean {
    const stop = hasMore ? this.#end : position + end - offset
    return this.#length + end - offset === stop
  }

  /** Keeps a copy of a fragment that is no error. */
  add({ frame, header, headerEnd, offset, end, position, hasMore, sizeMax }: Fragment): void {
    if (position === 0) this.#header = frame.slice(header, headerEnd)
    if (!hasMore) this.#end = position + end - offset
    this.#reach = Math.max(this.#reach, position + end - offset)
    this.#sizeMax = Math.min(this.#sizeMax, sizeMax)
    this.#length += end - offset
    this.#parts.splice(this.#indexOf(position), 0, { position, bytes: frame.slice(offset, end) })
  }

  /** The packet that `last` completes, header and payload, in bytes of its own. */
  join(last: Fragment): Whole {
    const { frame, header, headerEnd, offset, end, position } = last
    const begin = position === 0 ? frame.subarray(header, headerEnd) : this.#header!
    const bytes = new Uint8Array(begin.length + this.#length + end - offset)
    bytes.set(begin)
    for (const part of this.#parts) bytes.set(part.bytes, begin.length + part.position)
    bytes.set(frame.subarray(offset, end), begin.length + position)
    return { bytes, offset: begin.length }
  }

  /** The first fragment, if it came: its header and its payload, in bytes of their own. */
  get first(): Uint8Array | undefined {
    if (this.#header === undefined) return undefined
    const { bytes } = this.#parts[0]!
    const first = new Uint8Array(this.#header.length + bytes.length)
    first.set(this.#header)
    first.set(bytes, this.#header.length)
    return first
  }

  #overlaps(position: number, stop: number): boolean {
    const index = this.#indexOf(position)
    const before = this.#parts[index - 1]
    const after = this.#parts[index]
    return (
      (before !== undefined && before.position + before.bytes.length > position) ||
      (after !== undefined && after.position < stop)
    )
  }

  /** Where a part that begins at `position` comes. From the end: that is where it comes if nothing was reordered. */
  #indexOf(position: number): number {
    let index = this.#parts.length
    while (index > 0 && this.#parts[index - 1]!.position >= position) index--
    return index
  }
}

/** A packet made of fragments. */
export interface Whole {
  /** The header that its first fragment had, unchanged, and behind it the payload. */
  readonly bytes: Uint8Array
  /** Where the payload begins. */
  readonly offset: number
}
