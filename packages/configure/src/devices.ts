/**
 * The devices that come with Mirage, for `config.ts`.
 *
 * What there is one of (the clock, the random generator, the console, a network and the stack on it) is the same
 * value at every call, so it is connected once, however many ask. A store or a disk is a new device at every call:
 * keep it in a variable to share it.
 */
import type { Block } from '@mirage/block'
import type { Clock } from '@mirage/clock'
import type { Console } from '@mirage/console'
import type { Kv, KvReader } from '@mirage/kv'
import type { Net } from '@mirage/net'
import type { Random } from '@mirage/random'
import type { Stack } from '@mirage/stack'
import type { Info } from '@mirage/runtime/component'
import { type Device, constant, device, leaf, match, targetDevice } from './device.ts'
import { type Text, blockOption, kvRoOption, netOption } from './option.ts'

/** Tells two devices of one kind apart: the names of its arguments begin with it, as in `--admin-ipv4`. */
export interface Grouped {
  readonly group?: string
}

const theClock: Device<Clock> = targetDevice('clock', {})
const theRandom: Device<Random> = targetDevice('random', {})
const theConsole: Device<Console> = targetDevice('console', {})
const theInfo: Device<Info> = leaf('info', { kind: 'info' })
const networks = new Map<string | undefined, Device<Net>>()
const stacks = new Map<Device<Net>, Device<Stack>>()

/** Time and timers. */
export function clock(): Device<Clock> {
  return theClock
}

/** Bytes that nobody can predict: Fortuna, seeded by the target. */
export function random(): Device<Random> {
  return theRandom
}

/** Text out for a person, bytes in from one. */
function consoleDevice(): Device<Console> {
  return theConsole
}

export { consoleDevice as console }

/** What the image was built from: its name, target, and packages with their versions. */
export function info(): Device<Info> {
  return theInfo
}

/** The Ethernet of the target; one device for each group. Arguments: `--interface`. */
export function network({ group }: Grouped = {}): Device<Net> {
  return once(networks, group, () => targetDevice('net', {}, group))
}

/**
 * IPv4, ICMP, UDP and TCP on a network device, which is `network()` unless told. Its address comes from DHCP, or
 * from the arguments `--ipv4` and `--ipv4-gateway`. Or TCP and UDP of the host, as `--net` says.
 */
export function stack(given: Grouped & { readonly net?: Device<Net> } = {}): Device<Stack> {
  const { group, net = network({ ...given }) } = given
  const needs = { net, clock: theClock, random: theRandom }
  const direct = (): Device<Stack> =>
    leaf('stack', { kind: 'module', path: '@mirage/stack/device' }, needs, group)
  const host: Device<Stack> = targetDevice('stack', { clock: theClock, random: theRandom }, group)
  return once(stacks, net, () => match(netOption, { direct: direct(), host, socket: host }))
}

/** The files in `folder` as a read-only store: in the image, or on the host, as `--kv_ro` says. */
export function kvRo(folder: string | Text): Device<KvReader> {
  return match(kvRoOption, { crunch: crunch(folder), direct: directKv(folder) })
}

/** The files in `folder`, as they are when building, in the image. */
export function crunch(folder: string | Text): Device<KvReader> {
  return leaf('crunch', { kind: 'crunch', folder })
}

/** A folder of the host, to read and write. A relative one starts where the unikernel is started. */
export function directKv(folder: string | Text): Device<Kv> {
  return targetDevice('kv', { folder: constant(folder) })
}

/** An empty store in memory, which is gone when the unikernel ends. */
export function memoryKv(): Device<Kv> {
  return device<typeof import('./kv-memory.ts')>({
    name: 'kv',
    module: '@mirage/configure/kv-memory',
    needs: { clock: theClock },
  })
}

/** A disk: in memory, or the file `path` of the host, as `--block` says. */
export function block(path: string | Text): Device<Block> {
  return match(blockOption, { ramdisk: ramdisk(), file: fileBlock(path) })
}

/** The file `path` of the host as a disk. */
export function fileBlock(path: string | Text): Device<Block> {
  return targetDevice('block', { path: constant(path) })
}

/** A disk in memory, of zeros, which is gone when the unikernel ends. It has 512-byte sectors: 1 MiB unless told. */
export function ramdisk(sectorCount = 2048): Device<Block> {
  return device<typeof import('./ramdisk.ts')>({
    name: 'ramdisk',
    module: '@mirage/configure/ramdisk',
    needs: { sectorCount: constant(sectorCount) },
  })
}

function once<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const value = known.get(key) ?? make()
  known.set(key, value)
  return value
}
