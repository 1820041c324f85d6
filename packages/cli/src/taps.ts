/**
 * TAP devices for a unikernel that `mirage run` runs: made and configured here, and inherited by it.
 *
 * A device that this process has made lives as long as somebody has it open, so that the kernel removes it with the
 * unikernel, however that ends. One that was there before stays as it was.
 */
import { spawnSync } from 'node:child_process'
import * as ipv4 from '@mirage/address/ipv4'
import type { Cidr, Ipv4 } from '@mirage/address/ipv4'
import { load } from '@mirage/native'
import { type Packets, openPackets } from '@mirage/native/packet'
import { open } from '@mirage/native/tap'
import { type Result, done, err, ok } from '@mirage/result'
import { gatewayFor } from './gateway-for.ts'
import { type Failure, failure } from './problem.ts'
import { nameOf } from './recording.ts'

/** What a person says about them. */
export interface TapOptions {
  /** One for each network, in their order. */
  readonly names: readonly string[]
  /** This host's addresses on them, as far as they are given. */
  readonly addresses: readonly Cidr[]
  /** Nothing for the system's, which is 1500. */
  readonly mtu: number | undefined
  /** Whether what a network carries is to be seen, by its name. */
  readonly isSeen: (network: string) => boolean
}

/** What has to be known of the unikernel. */
export interface Guest {
  /** The group of each network's arguments. */
  readonly networks: readonly (string | undefined)[]
  readonly words: readonly string[]
  /** Whether it takes `--ipv4`. */
  readonly hasStack: boolean
  /** Whether it reads a `virtio_net_hdr` before each frame. */
  readonly readsHeaders: boolean
}

/** Devices that are open and up. */
export interface Taps {
  readonly descriptors: readonly number[]
  /** Arguments that the unikernel needs besides its own. */
  readonly words: readonly string[]
  /** What a person would like to know of each. */
  readonly remarks: readonly string[]
  /** What they carry, from before they were up, of the networks that are to be seen. */
  readonly seen: readonly { readonly network: string; readonly packets: Packets }[]
  /** Closes the devices here; whoever has inherited them keeps them. */
  letGo(): void
  /** Closes all. */
  close(): void
}

/** Opens a device for each network of `guest`. */
export function openTaps(options: TapOptions, guest: Guest): Result<Taps, Failure> {
  const { names, addresses } = options
  const { networks } = guest
  if (names.length !== networks.length) {
    const count = networks.length === 1 ? 'one network' : `${networks.length} networks`
    return err(failure(124, `option --tap: the unikernel has ${count}, and ${names.length} are named`))
  }
  const addon = load()
  if (!addon.ok) return err(failure(123, addon.error))
  const descriptors: number[] = []
  const seen: Taps['seen'][number][] = []
  const [words, remarks]: [string[], string[]] = [[], []]
  const letGo = (): void => descriptors.splice(0).forEach((each) => addon.value.closeFile(each))
  const close = (): void => {
    letGo()
    for (const { packets } of seen.splice(0)) packets.close()
  }
  const refuse = (failed: Failure): Result<never, Failure> => {
    close()
    return err(failed)
  }
  for (const [index, name] of names.entries()) {
    const wasThere = addon.value.mtu(name) >= 0
    const tap = open(name, guest.readsHeaders)
    if (!tap.ok) return refuse(failure(123, `${name}: ${tap.error}`))
    descriptors.push(tap.value.descriptor)
    const network = nameOf(networks[index])
    if (options.isSeen(network)) {
      const packets = openPackets(tap.value.name)
      if (!packets.ok)
        return refuse(failure(123, `option --capture: ${packets.error}; without --tap anybody may record`))
      seen.push({ network, packets: packets.value })
    }
    const host = addresses[index] ?? (wasThere ? undefined : usualHost(guest, index))
    const configured = configure(tap.value.name, host, options.mtu)
    if (!configured.ok) return refuse(configured.error)
    const more = host === undefined || !guest.hasStack ? [] : addressing(guest, index, host)
    words.push(...more)
    remarks.push(remark(tap.value.name, host, more))
  }
  return ok({ descriptors, words, remarks, seen, letGo, close })
}

/** The host's address where nobody gives it: the gateway that the unikernel is told of, or 10.0.0.1, 10.0.1.1, … */
function usualHost({ words, networks }: Guest, index: number): Cidr {
  return gatewayFor(words, networks[index]) ?? { address: ipv4.of(10, 0, index, 1), prefixLength: 24 }
}

/** The arguments that give the unikernel an address beside `host`'s, unless it was given one. */
function addressing({ words, networks }: Guest, index: number, host: Cidr): readonly string[] {
  const group = networks[index]
  if (gatewayFor(words, group) !== undefined) return []
  const prefix = group === undefined ? '--' : `--${group}-`
  const cidr = { ...host, address: neighbour(host) }
  return [`${prefix}ipv4=${ipv4.formatCidr(cidr)}`, `${prefix}ipv4-gateway=${ipv4.format(host.address)}`]
}

/** The host after `host`, or the one before it where it is the last of its network. */
function neighbour({ address, prefixLength }: Cidr): Ipv4 {
  const broadcast = (ipv4.network({ address, prefixLength }) + 2 ** (32 - prefixLength) - 1) as Ipv4
  return (address + 1 < broadcast ? address + 1 : address - 1) as Ipv4
}

/** Gives the device `name` its address and its MTU, and sets it up. */
function configure(name: string, host: Cidr | undefined, mtu: number | undefined): Result<void, Failure> {
  const commands = [
    ...(host === undefined ? [] : [['address', 'replace', ipv4.formatCidr(host), 'dev', name]]),
    ...(mtu === undefined ? [] : [['link', 'set', name, 'mtu', String(mtu)]]),
    ...(host === undefined ? [] : [['link', 'set', name, 'up']]),
  ]
  for (const args of commands) {
    const { status, error, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
    if (error !== undefined)
      return err(failure(123, 'ip is not there, which configures TAP devices: install it (Debian: iproute2)'))
    if (status !== 0) return err(failure(123, `${name}: ip ${args.join(' ')}: ${stderr.trim()}`))
  }
  return done
}

function remark(name: string, host: Cidr | undefined, [address]: readonly string[]): string {
  if (host === undefined) return `on ${name}, as it is`
  const here = `${ipv4.format(host.address)} is this host`
  return address === undefined
    ? `on ${name}, where ${here}`
    : `${address.slice(address.indexOf('=') + 1).replace(/\/.*/, '')} on ${name}, where ${here}`
}
