/** The network device of a Node process on a TAP device: the kernel of the host is at the other end. */
import * as mac from '@mirage/address/mac'
import { getU32 } from '@mirage/bytes'
import { type Agreed, type Tap, agree, inherited, open } from '@mirage/native/tap'
import type { Net, Offloads } from '@mirage/net'
import { type Result, ok } from '@mirage/result'
import { entropy } from './entropy.ts'
import { connect } from './frame-net.ts'

/** What Linux does for whoever writes to a TAP device: as much as for itself. */
const SEGMENTS: Offloads = { checksum: true, segmentation: 65_535 }
const OFFLOADS: Readonly<Record<Agreed, Offloads | undefined>> = {
  nothing: undefined,
  segments: SEGMENTS,
  datagrams: { ...SEGMENTS, datagrams: true },
}
/** Where the interface is in another network namespace, which it can be moved to while it is open. */
const MTU = 1500

/**
 * The TAP device `name`, made where there is none; or one sentence about why not. A name that ends in `,plain` is
 * without offloads: frames are as on a wire, no larger than the MTU and with their checksums.
 */
export function openTap(name: string): Result<Net, string> {
  const [bare, isPlain] = name.endsWith(PLAIN) ? [name.slice(0, -PLAIN.length), true] : [name, false]
  const tap = open(bare, !isPlain)
  return tap.ok ? ok(attach(tap.value)) : tap
}

const PLAIN = ',plain'

/**
 * The TAP device that this process was started with as `descriptor`; it ends with whoever has started it.
 */
export function inheritTap(descriptor: number): Result<Net, string> {
  const tap = inherited(descriptor)
  if (!tap.ok) return tap
  // Whoever started it would stop it; and may be gone already.
  tap.value.addon.endWithParent()
  const parent = process.env['MIRAGE_PARENT']
  if (parent !== undefined && Number(parent) !== process.ppid) process.kill(process.pid, 'SIGTERM')
  return ok(attach(tap.value))
}

/** A device with an address that no other is likely to have: the interface's own is the kernel's. */
function attach(tap: Tap): Net {
  const mtu = tap.addon.mtu(tap.name)
  const offloads = OFFLOADS[agree(tap)]
  const options = { mac: mac.local(getU32(entropy(4), 0)), mtu: mtu < 0 ? MTU : mtu }
  return connect(tap, offloads === undefined ? options : { ...options, offloads })
}
