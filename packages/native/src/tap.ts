/** TAP devices: Ethernet between this process and the kernel of the host. */
import { type Result, err, ok } from '@mirage/result'
import { type Addon, load, reason } from './native.ts'

/** An open TAP device. */
export interface Tap {
  readonly addon: Addon
  /** Closed by whoever opened it: with it goes the interface, unless it is persistent. */
  readonly descriptor: number
  readonly name: string
  /** Whether every frame has a `virtio_net_hdr` in front. */
  readonly hasHeader: boolean
}

/**
 * Opens the TAP device `name`, with a header before each frame unless told; `tap%d` is the next that is free. Where
 * there is none it is made, if this process may, and is gone once nobody has it open. Or says in one sentence why it
 * cannot.
 */
export function open(name: string, hasHeader = true): Result<Tap, string> {
  const addon = load()
  if (!addon.ok) return addon
  const descriptor = addon.value.openTap(name, hasHeader ? 1 : 0)
  return descriptor < 0
    ? err(refusal(name, reason(descriptor)))
    : described(addon.value, descriptor, hasHeader)
}

/** The TAP device that this process was started with; an error if `descriptor` is no TAP device. */
export function inherited(descriptor: number): Result<Tap, string> {
  const addon = load()
  if (!addon.ok) return addon
  const header = addon.value.hasVnetHeader(descriptor)
  return header < 0 ? err('it is no TAP device') : described(addon.value, descriptor, header === 1)
}

/** What the kernel may leave to the reader of a TAP device: `<linux/if_tun.h>`. */
const TUN_F = { CSUM: 0x1, TSO4: 0x2, TSO6: 0x4, TSO_ECN: 0x8, USO4: 0x20, USO6: 0x40 } as const
const SEGMENTS: number = TUN_F.CSUM | TUN_F.TSO4 | TUN_F.TSO6 | TUN_F.TSO_ECN
/** Both families or neither, says Linux, which knows them since 6.2. */
const DATAGRAMS: number = SEGMENTS | TUN_F.USO4 | TUN_F.USO6

/** What the kernel leaves to the reader of a TAP device, and takes from its writer: checksums, and to cut segments. */
export type Agreed =
  | 'nothing'
  | 'segments'
  /** And to cut datagrams: `VIRTIO_NET_HDR_GSO_UDP_L4` of virtio 1.2 §5.1.6. */
  | 'datagrams'

/**
 * Lets the kernel hand over frames without checksums, and TCP segments and UDP datagrams that it has not cut, up to
 * 64 KiB; as much of that as it knows. A device without a header in front of its frames is told to leave nothing: it
 * remembers what its last reader was able to do.
 */
export function agree({ addon, descriptor, hasHeader }: Tap): Agreed {
  if (hasHeader && addon.setOffload(descriptor, DATAGRAMS) >= 0) return 'datagrams'
  if (hasHeader && addon.setOffload(descriptor, SEGMENTS) >= 0) return 'segments'
  addon.setOffload(descriptor, 0)
  return 'nothing'
}

function described(addon: Addon, descriptor: number, hasHeader: boolean): Result<Tap, string> {
  const name = addon.tapName(descriptor)
  return typeof name === 'number' ? err(reason(name)) : ok({ addon, descriptor, name, hasHeader })
}

function refusal(name: string, code: string): string {
  switch (code) {
    case 'EPERM':
    case 'EACCES':
      return `only root may make it; as root: ip tuntap add ${name} mode tap user YOU`
    case 'EBUSY':
      return 'another program has it open'
    case 'ENOENT':
    case 'ENODEV':
      return 'this system has no /dev/net/tun'
    case 'ENAMETOOLONG':
      return 'the name of an interface has 15 bytes at most'
    case 'EINVAL':
      return 'there is an interface of this name that is no TAP device'
    default:
      return code
  }
}
