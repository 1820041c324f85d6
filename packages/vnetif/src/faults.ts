/** What a link does to frames: a plan, which is data, and the line that follows it. */
import type { Millis } from '@mirage/clock'
import { HEADER_SIZE } from '@mirage/net'
import { type Random, below, u32 } from '@mirage/random'
import { assert } from '@mirage/result'

/**
 * What happens to the frames that one device sends. Everything is optional; `{}` carries every frame at once.
 * Shares are from 0 to 1 and are drawn for each frame.
 */
export interface Faults {
  /** Share of frames that are lost. */
  readonly loss?: number
  /** Only frames up to this many bytes are subject to `loss`: 100 loses acknowledgements and keeps data. */
  readonly lossSizeMax?: number
  /** Share of frames that arrive twice, the second as if it had been sent just after the first. */
  readonly duplicate?: number
  /** Share of frames that are held back for `reorderBy` more, while later ones overtake them. */
  readonly reorder?: number
  /** 5 ms unless told. */
  readonly reorderBy?: Millis
  /** From being sent to arriving. */
  readonly latency?: Millis
  /** Up to this much is added to the latency of each frame. It keeps the order: a late frame delays those behind. */
  readonly jitter?: Millis
  /** Bits a second. Frames leave one after the other. */
  readonly bandwidth?: number
  /** A frame that would wait longer than this for the line is lost; 100 ms unless told. */
  readonly backlog?: Millis
  /** Frames of more bytes than this are lost, whatever MTU the device has: a narrow link further on. */
  readonly sizeMax?: number
  /**
   * Share of frames in which one bit is flipped, anywhere after the Ethernet header. Only packets of IP have checksums
   * that find it; a frame of another type is lost instead, as one is whose check sequence is wrong.
   */
  readonly corrupt?: number
  /** Up to this many random bytes (at most `TRAILING_MAX`) come after the end of each frame. */
  readonly trailing?: number
  /** Once this many bytes were sent, everything is lost for a while: once. */
  readonly pause?: { readonly afterBytes: number; readonly duration: Millis }
  /** While the clock is from `from` up to, not including, `until`, everything is lost. */
  readonly cuts?: readonly { readonly from: Millis; readonly until: Millis }[]
}

/** The most bytes that may come after the end of a frame. */
export const TRAILING_MAX = 64

const REORDER_BY: Millis = 5
const BACKLOG: Millis = 100

/** One direction of a link: the plan, and what it remembers of the frames before. */
export class Line {
  faults: Faults
  #random: Random
  /** When the frames that were sent have left. */
  #free: Millis = 0
  /** When the latest frame that keeps its place arrives. */
  #last: Millis = 0
  #bytes = 0
  #pausedUntil: Millis | undefined

  constructor(faults: Faults, random: Random) {
    this.faults = faults
    this.#random = random
  }

  /** How many random bytes the next frame is to have after its end. */
  trailing(): number {
    const { trailing = 0 } = this.faults
    assert(trailing <= TRAILING_MAX, 'a frame has no more trailing bytes than a slot has room for')
    return trailing > 0 ? below(this.#random, trailing + 1) : 0
  }

  /** Which bit of the next frame, of `length` bytes, is to be flipped, counted from its first one; -1 for none. */
  flipped(length: number): number {
    if (length <= HEADER_SIZE || !this.#draw(this.faults.corrupt)) return -1
    return 8 * HEADER_SIZE + below(this.#random, 8 * (length - HEADER_SIZE))
  }

  /** When a frame of `length` bytes that is sent `now` arrives: never, once, or twice. Never before `now`. */
  send(length: number, now: Millis): readonly Millis[] {
    this.#bytes += length
    if (this.#isCut(now) || this.#isLost(length)) return []
    const sent = this.#departure(length, now)
    if (sent === undefined) return []
    const first = this.#arrival(sent)
    return this.#draw(this.faults.duplicate) ? [first, this.#arrival(sent)] : [first]
  }

  #isCut(now: Millis): boolean {
    const { pause, cuts } = this.faults
    if (pause !== undefined && this.#bytes > pause.afterBytes) {
      this.#pausedUntil ??= now + pause.duration
      if (now < this.#pausedUntil) return true
    }
    return cuts !== undefined && cuts.some(({ from, until }) => now >= from && now < until)
  }

  #isLost(length: number): boolean {
    const { loss, lossSizeMax = Infinity, sizeMax = Infinity } = this.faults
    return length > sizeMax || (length <= lossSizeMax && this.#draw(loss))
  }

  /** When the last bit of a frame has left, or `undefined` if the line has too much to do. */
  #departure(length: number, now: Millis): Millis | undefined {
    const { bandwidth, backlog = BACKLOG } = this.faults
    if (bandwidth === undefined) return now
    const start = Math.max(now, this.#free)
    if (start - now > backlog) return undefined
    this.#free = start + (length * 8000) / bandwidth
    return this.#free
  }

  #arrival(sent: Millis): Millis {
    const { latency = 0, jitter = 0, reorder, reorderBy = REORDER_BY } = this.faults
    const arrival = sent + latency + (jitter > 0 ? this.#uniform() * jitter : 0)
    if (this.#draw(reorder)) return Math.max(arrival, this.#last) + reorderBy
    this.#last = Math.max(arrival, this.#last)
    return this.#last
  }

  #draw(share: number | undefined): boolean {
    return share !== undefined && share > 0 && this.#uniform() < share
  }

  /** From 0 up to, not including, 1. */
  #uniform(): number {
    return u32(this.#random) / 0x1_0000_0000
  }
}
