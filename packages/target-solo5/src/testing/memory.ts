/** The engine's object in memory, for tests: virtual time, a cable, disks, and everything that was shown. */
import type { BlockInfo, NetInfo, Solo5 } from '../solo5.ts'

/** Frames that a network holds until they are read: more are dropped. */
const FRAMES_MAX = 4096
export const MTU = 1500

/** How a unikernel ended. */
export class Exit extends Error {
  readonly status: number

  constructor(status: number) {
    super(`exit ${status}`)
    this.status = status
  }
}

interface Net {
  readonly queue: Uint8Array[]
  readonly mac: Uint8Array
  peer: Net | undefined
}

/** An engine whose time passes only in `yield`, and where a frame that is written is there at once. */
export class MemorySolo5 implements Solo5 {
  readonly commandLine: string
  sources: readonly string[] = ['test']
  shown = ''
  time = 0
  wall: readonly [number, number] = [1_551_780_000, 123_456_789]
  /** What `entropy` can still give; Infinity for a processor that never tires. */
  entropyLeft = Infinity
  onTurn?: () => void
  readonly #nets: { name: string; net: Net }[] = []
  readonly #disks: { name: string; bytes: Uint8Array; blockSize: number }[] = []
  readonly #acquired: Set<string> = new Set()
  /** Every `yield`: until when it would have slept, and from when. */
  readonly sleeps: { from: number; until: number }[] = []

  constructor(commandLine = '') {
    this.commandLine = commandLine
  }

  /** Adds a network; its handle is the next one. Returns it, to join it to another with `join`. */
  addNet(name: string, id: number): Net {
    const net: Net = { queue: [], mac: Uint8Array.of(2, 0, 0, 0, 0, id), peer: undefined }
    this.#nets.push({ name, net })
    return net
  }

  addDisk(name: string, bytes: Uint8Array, blockSize = 512): void {
    this.#disks.push({ name, bytes, blockSize })
  }

  consoleWrite(bytes: Uint8Array, offset: number, length: number): void {
    this.shown += new TextDecoder().decode(bytes.slice(offset, offset + length))
  }

  clockMonotonic(): number {
    return this.time
  }

  clockWall(out: Float64Array): void {
    out.set(this.wall)
  }

  yield(deadlineMs: number, ready: Uint32Array): void {
    this.sleeps.push({ from: this.time, until: deadlineMs })
    ready.fill(0)
    this.#nets.forEach(({ net }, index) => {
      const handle = index + 1
      if (net.queue.length > 0) ready[handle >> 5]! |= 1 << (handle & 31)
    })
    if (ready[0] === 0 && ready[1] === 0) this.time = Math.max(this.time, deadlineMs)
  }

  entropy(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.entropyLeft)
    bytes.set(crypto.getRandomValues(new Uint8Array(count)))
    this.entropyLeft -= count
    return count
  }

  exit(status: number): never {
    throw new Exit(status)
  }

  abort(message: string): never {
    this.shown += `${message}\n`
    throw new Exit(255)
  }

  netAcquire(name: string): NetInfo | undefined {
    const index = this.#nets.findIndex((each) => each.name === name)
    if (index < 0 || this.#isTaken(`net ${name}`)) return undefined
    return { handle: index + 1, mac: this.#nets[index]!.net.mac, mtu: MTU }
  }

  netWrite(handle: number, bytes: Uint8Array, offset: number, length: number): number {
    const { net } = this.#nets[handle - 1] ?? {}
    if (net === undefined || length > MTU + 14) return -2
    const queue = net.peer?.queue
    if (queue !== undefined && queue.length < FRAMES_MAX) queue.push(bytes.slice(offset, offset + length))
    return 0
  }

  netRead(handle: number, bytes: Uint8Array, offset: number, size: number): number {
    const { net } = this.#nets[handle - 1] ?? {}
    if (net === undefined || size < MTU + 14) return -2
    const frame = net.queue.shift()
    if (frame === undefined) return -1
    bytes.set(frame, offset)
    return frame.length
  }

  blockAcquire(name: string): BlockInfo | undefined {
    const index = this.#disks.findIndex((each) => each.name === name)
    if (index < 0 || this.#isTaken(`block ${name}`)) return undefined
    const { bytes, blockSize } = this.#disks[index]!
    return { handle: 32 + index, capacity: bytes.length, blockSize }
  }

  blockRead(handle: number, diskOffset: number, bytes: Uint8Array, offset: number, length: number): number {
    const disk = this.#diskAt(handle, diskOffset, length)
    if (disk === undefined) return -2
    bytes.set(disk.subarray(diskOffset, diskOffset + length), offset)
    return 0
  }

  blockWrite(handle: number, diskOffset: number, bytes: Uint8Array, offset: number, length: number): number {
    const disk = this.#diskAt(handle, diskOffset, length)
    if (disk === undefined) return -2
    disk.set(bytes.subarray(offset, offset + length), diskOffset)
    return 0
  }

  checksum(): number {
    throw new Error('the tests of @mirage/bytes are for that')
  }

  sha256Blocks(): void {
    throw new Error('the suites inside images are for that')
  }

  chacha20(): void {
    throw new Error('the suites inside images are for that')
  }

  chacha20Poly1305Seal(): void {
    throw new Error('the suites inside images are for that')
  }

  chacha20Poly1305Open(): boolean {
    throw new Error('the suites inside images are for that')
  }

  latin1(text: string, offset: number, bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i + offset)
  }

  copy(to: Uint8Array, toOffset: number, from: Uint8Array, fromOffset: number, length: number): void {
    to.set(from.slice(fromOffset, fromOffset + length), toOffset)
  }

  #diskAt(handle: number, offset: number, length: number): Uint8Array | undefined {
    const disk = this.#disks[handle - 32]
    if (disk === undefined || length % disk.blockSize !== 0 || offset % disk.blockSize !== 0) return undefined
    return offset + length <= disk.bytes.length ? disk.bytes : undefined
  }

  #isTaken(what: string): boolean {
    const isTaken = this.#acquired.has(what)
    this.#acquired.add(what)
    return isTaken
  }
}

/** Joins two networks with a cable. */
export function join(a: Net, b: Net): void {
  a.peer = b
  b.peer = a
}

/** Lets every promise that can settle do so, as the engine does between two turns. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
