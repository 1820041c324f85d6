/**
 * The object `solo5` that the engine of an image gives to JavaScript: the public Solo5 API, and what is faster in C.
 *
 * Nothing else connects a unikernel with the world. Nothing waits but `yield`. Buffers are the caller's again when a
 * call returns.
 */

/** A device that was acquired: a small natural number, the bit of `yield`'s set that stands for it. */
export type Handle = number

/** How an operation ended: zero, or one of these, negative. */
export const RESULT: Readonly<Record<'ok' | 'again' | 'invalid' | 'unspecified', number>> = {
  ok: 0,
  /** Nothing is there yet. */
  again: -1,
  invalid: -2,
  unspecified: -3,
}

/** A network that was acquired. */
export interface NetInfo {
  readonly handle: Handle
  /** Six bytes. */
  readonly mac: Uint8Array
  /** Without the Ethernet header. */
  readonly mtu: number
}

/** A disk that was acquired. */
export interface BlockInfo {
  readonly handle: Handle
  /** Bytes; a multiple of `blockSize`. */
  readonly capacity: number
  readonly blockSize: number
}

/**
 * Encrypts the bytes from `offset` to `end` in place and writes the 16 bytes of `tag`, which covers `data` as well:
 * a key of 32 bytes, or of 16 for AES-128, and a nonce of 12.
 */
export type Seal = (
  key: Uint8Array,
  nonce: Uint8Array,
  data: Uint8Array,
  bytes: Uint8Array,
  offset: number,
  end: number,
  tag: Uint8Array,
) => void

/** The way back: whether `tag` was right. If not, nothing is changed. */
export type Open = (...sealed: Parameters<Seal>) => boolean

/** What the engine gives. */
export interface Solo5 {
  /** Everything after the unikernel's name, in one line. */
  readonly commandLine: string
  /** Whether there is randomness, and from where: `rdrand`, `launcher`, … */
  readonly sources: readonly string[]
  /** Called whenever nothing else is to run, for as long as it is there: the main loop. It sleeps with `yield`. */
  onTurn?: () => void

  /** Shows the bytes from `offset` on, as well as it can. */
  consoleWrite(bytes: Uint8Array, offset: number, length: number): void
  /** Milliseconds, with fractions, since an instant that stays the same. Never decreases. */
  clockMonotonic(): number
  /** The date: whole seconds since 1970 in `out[0]`, the nanoseconds after them in `out[1]`. */
  clockWall(out: Float64Array): void
  /**
   * Sleeps until the monotonic clock reaches `deadlineMs` or a network has something to read. `ready` tells which:
   * bit n of its two words stands for handle n.
   */
  yield(deadlineMs: number, ready: Uint32Array): void
  /** Fills `bytes` with real randomness, from the first on; returns how many it has filled. */
  entropy(bytes: Uint8Array): number
  /** Ends the unikernel. */
  exit(status: number): never
  /** Ends it as broken, with a last line. */
  abort(message: string): never

  /** Opens the network that the manifest calls `name`; nothing if there is none, or it is open. */
  netAcquire(name: string): NetInfo | undefined
  /** Sends a frame, which may get lost. */
  netWrite(handle: Handle, bytes: Uint8Array, offset: number, length: number): number
  /** Takes a frame: its length, or a negative `RESULT`. `size` is at least the MTU and the header. */
  netRead(handle: Handle, bytes: Uint8Array, offset: number, size: number): number

  /** Opens the disk that the manifest calls `name`; nothing if there is none, or it is open. */
  blockAcquire(name: string): BlockInfo | undefined
  /** Reads whole blocks; `diskOffset` is in bytes. */
  blockRead(handle: Handle, diskOffset: number, bytes: Uint8Array, offset: number, length: number): number
  /** Writes whole blocks; `diskOffset` is in bytes. */
  blockWrite(handle: Handle, diskOffset: number, bytes: Uint8Array, offset: number, length: number): number

  /** `add` of `@mirage/bytes/checksum`, folded to 16 bits. */
  checksum(bytes: Uint8Array, offset: number, end: number, sum: number): number
  /** The codes of the characters of `text` from `offset` on, each below 256, into `bytes`, which they fill. */
  latin1(text: string, offset: number, bytes: Uint8Array): void
  /** Copies `length` bytes; the two parts may overlap. */
  copy(to: Uint8Array, toOffset: number, from: Uint8Array, fromOffset: number, length: number): void
  /** Puts the whole blocks from `offset` to `end` into a hash value of SHA-256: eight words. */
  sha256Blocks(state: Uint32Array, bytes: Uint8Array, offset: number, end: number): void
  /** Encrypts or decrypts in place, with the key stream from its block `counter` on. */
  chacha20(
    key: Uint8Array,
    counter: number,
    nonce: Uint8Array,
    bytes: Uint8Array,
    offset: number,
    end: number,
  ): void
  readonly chacha20Poly1305Seal: Seal
  readonly chacha20Poly1305Open: Open
  /** Only where the processor has instructions for it; both or neither. */
  readonly aesGcmSeal?: Seal
  readonly aesGcmOpen?: Open
}

/** The engine's object. */
export function solo5(): Solo5 {
  return (globalThis as unknown as { solo5: Solo5 }).solo5
}
