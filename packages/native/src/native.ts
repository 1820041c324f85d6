/**
 * The addon: what a Node process cannot ask of Linux itself, in C (`native.c`, `packet.c`), compiled by `npm run build:native`.
 *
 * Where a function can fail its number is negative then: an errno of Linux, which `reason` puts in words.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { getSystemErrorName } from 'node:util'
import { type Result, err, ok } from '@mirage/result'

/** What `read` gives and `stopReading` takes. */
export interface Reader {
  readonly isReader: never
}

/** The functions of the addon. They trust their caller: descriptors are open, and of the kind that is asked for. */
export interface Addon {
  /** Which functions there are, with which arguments: `INTERFACE`, if it was built from these sources. */
  readonly interface: number
  /**
   * A descriptor of the TAP device `name`, which is made if it is not there and then lives as long as the descriptor
   * or what inherits it. With `vnetHeader` 1 every frame has a `virtio_net_hdr` of 10 bytes in front.
   */
  openTap(name: string, vnetHeader: 0 | 1): number
  /** The name of the interface that `descriptor` is of. */
  tapName(descriptor: number): string | number
  hasVnetHeader(descriptor: number): number
  /** What the kernel may leave to whoever reads: `TUN_F_…` of `<linux/if_tun.h>`. */
  setOffload(descriptor: number, bits: number): number
  /** Whether the interface stays when nobody has it open. */
  setPersistent(descriptor: number, isPersistent: 0 | 1): number
  /** The MTU of the interface `name` in the network namespace of this process. */
  mtu(name: string): number
  /** Fills in the descriptors of two sockets; what is written to one is read from the other, frame by frame. */
  datagramPair(ends: Int32Array): number
  closeFile(descriptor: number): void
  /** Sends SIGTERM to this process when the one that has started it is gone. */
  endWithParent(): number
  /**
   * Writes frames that lie in `slab`, from number `first` up to number `end`: `frames` has offset and length of each.
   * How many went before one was refused; why, if that was the first. It never waits.
   */
  write(descriptor: number, slab: Uint8Array, frames: Int32Array, first: number, end: number): number
  /**
   * Reads frames of at most `frameSizeMax` bytes into `slab`, from now on until `stopReading`, and calls `receive` once
   * for as many of them as there are and have room: with their count, when `frames` has offset and length of each.
   * Until `receive` returns nothing else is read. A negative count is an error of the descriptor.
   */
  read(
    descriptor: number,
    slab: Uint8Array,
    frames: Int32Array,
    frameSizeMax: number,
    receive: (count: number) => void,
  ): Reader | number
  /** Calls `receive` for all that there is to read now, before it returns. */
  drain(reader: Reader): void
  /** Ends what `read` began, once, and closes its descriptor. */
  stopReading(reader: Reader): void
  /**
   * A descriptor from which every frame that the interface `name` carries can be read, either way; it may be down, and
   * come up later. About `bufferSize` bytes wait to be read, or as many as this process may have; more are lost. What is
   * in front of each frame is said in `packet.c`.
   */
  openPackets(name: string, bufferSize: number): number
  /** How many frames were lost. From now on no more come; those that wait can still be read. */
  stopPackets(descriptor: number): number
}

/** Grows with each change of what the functions take and give, here and in `native.c`. */
const INTERFACE = 3

const require = createRequire(import.meta.url)
const FILE = '../dist/native.node'

/**
 * The places where the addon can be: where `MIRAGE_NATIVE` says; beside this package's folder of sources, or beside
 * the image that this module is part of; in the package as the image's folder finds it.
 */
function* places(): Generator<string> {
  const told = process.env['MIRAGE_NATIVE']
  if (told !== undefined) yield told
  yield fileURLToPath(new URL(FILE, import.meta.url))
  try {
    yield fileURLToPath(new URL(FILE, `file://${require.resolve('@mirage/native')}`))
  } catch {
    // There is no such package where the image is.
  }
}

/** The path of the addon, if it is somewhere. */
export function find(): string | undefined {
  for (const place of places()) if (existsSync(place)) return place
  return undefined
}

let loaded: Addon | undefined

/** The addon; or one sentence about what to do. */
export function load(): Result<Addon, string> {
  if (loaded !== undefined) return ok(loaded)
  if (process.platform !== 'linux') return err(`TAP devices are Linux's, and this is ${process.platform}`)
  const path = find()
  if (path === undefined) {
    return err('TAP devices need the native addon: npm run build:native makes it, with a C compiler')
  }
  try {
    const addon = require(path) as Addon
    if (addon.interface !== INTERFACE) {
      return err(`${path} is of another version of Mirage: npm run build:native makes the one that is needed`)
    }
    loaded = addon
    return ok(loaded)
  } catch (error) {
    return err(`${path} cannot be loaded: ${(error as Error).message}`)
  }
}

/** The name of an error: `EPERM` for what a function returned instead of a number from 0 up. */
export function reason(failure: number): string {
  return getSystemErrorName(failure)
}
