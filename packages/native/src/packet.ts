/** What an interface of the host carries, seen from beside it: packet(7). */
import { type Result, err, ok } from '@mirage/result'
import { type Addon, load, reason } from './native.ts'

/** An interface that is seen: from when it was opened, frames wait to be read. */
export interface Packets {
  /** Hands every frame to `see`, in the order in which they passed, until it is ended. Once. */
  watch(see: See): Result<Watch, string>
  /** Closes what nobody watches. */
  close(): void
}

/** Takes a frame, which is lent until it returns: `time` in nanoseconds since 1970, and whether this host sent it. */
export type See = (frame: Uint8Array, time: bigint, isSent: boolean) => void

/** Sees what an interface carries. */
export interface Watch {
  /** Sees what was carried until now, and closes it. How many frames there was no room for, since it was opened. */
  end(): number
}

/** Bytes that wait, with what the kernel needs for each frame: 40,000 small ones, or 400 of the largest. */
const BUFFER_SIZE = 0x200_0000
/** More than any frame has, of a TAP device, with what is in front of it. */
const FRAME_SIZE_MAX = 0x2_0000
/** Bytes and frames of a batch. */
const SLAB_SIZE = 0x8_0000
const FRAMES_MAX = 256

/**
 * Opens what the interface `name` carries, with room for `bufferSize` bytes that wait; or says in one sentence why it
 * cannot.
 */
export function openPackets(name: string, bufferSize: number = BUFFER_SIZE): Result<Packets, string> {
  const addon = load()
  if (!addon.ok) return addon
  // The kernel counts twice what it is told.
  const descriptor = addon.value.openPackets(name, bufferSize / 2)
  if (descriptor < 0) return err(refusal(name, reason(descriptor)))
  return ok({
    watch: (see) => watch(addon.value, descriptor, see),
    close: () => addon.value.closeFile(descriptor),
  })
}

function watch(addon: Addon, descriptor: number, see: See): Result<Watch, string> {
  const slab = new Uint8Array(SLAB_SIZE)
  const about = new DataView(slab.buffer)
  const frames = new Int32Array(2 * FRAMES_MAX)
  // An error of the kernel's loses nothing: it is read again.
  const receive = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const start = frames[2 * i]!
      const offset = about.getUint16(start + 8, IS_LITTLE)
      const frame = slab.subarray(start + offset, start + frames[2 * i + 1]!)
      see(frame, about.getBigInt64(start, IS_LITTLE), about.getUint16(start + 10, IS_LITTLE) === 1)
    }
  }
  const reader = addon.read(descriptor, slab, frames, FRAME_SIZE_MAX, receive)
  if (typeof reader === 'number') return err(reason(reader))
  return ok({
    end() {
      const lost = addon.stopPackets(descriptor)
      addon.drain(reader)
      addon.stopReading(reader)
      return Math.max(lost, 0)
    },
  })
}

const IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

function refusal(name: string, code: string): string {
  switch (code) {
    case 'EPERM':
    case 'EACCES':
      return `only root may see what ${name} carries, or who has CAP_NET_RAW`
    case 'ENODEV':
      return `there is no interface ${name}`
    case 'EAFNOSUPPORT':
      return 'this kernel has no packet sockets'
    default:
      return code
  }
}
