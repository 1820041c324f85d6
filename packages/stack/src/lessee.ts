/** A DHCP client on the stack that it configures: RFC 2131. The protocol is `@mirage/dhcp/client`. */
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import type { Arp } from '@mirage/arp'
import type { Cancel, Clock, Millis } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import * as client from '@mirage/dhcp/client'
import type { Lease } from '@mirage/dhcp/lease'
import * as wire from '@mirage/dhcp/wire'
import type { Config, Ipv4Layer } from '@mirage/ip'
import { type Random, u32 } from '@mirage/random'
import { assert } from '@mirage/result'
import type { Udp } from '@mirage/udp'

/** What an interface is before it has an address, and after it has lost it. */
export const UNCONFIGURED: Config = { cidr: { address: ipv4.UNSPECIFIED, prefixLength: 0 } }

/** Silence of all servers before a person is told, and between one time and the next. */
const SILENCE: Millis = 10_000

/** What a client runs on: the interface that it configures, and what it sends with. */
export interface Devices {
  readonly arp: Arp
  readonly ip: Ipv4Layer
  readonly udp: Udp
  readonly clock: Clock
  readonly random: Random
}

/** How a client asks, and how it ends. */
export interface Options extends client.Config {
  /** The address that it had before: the first question is whether it still may. */
  readonly before?: Ipv4
  /** The lease is kept when the client ends, as if it had crashed, for the one that comes after it. */
  readonly keepsLease?: boolean
}

const log = source('dhcp')

/**
 * Keeps `ip` configured with what a DHCP server leases, for as long as it is connected. It asks for ever: a server
 * may come later. A lease that ends takes the address with it.
 */
export class Lessee {
  readonly #devices: Devices
  readonly #options: Options
  readonly #changed: (lease: Lease | undefined, isNew: boolean) => void
  #state: client.State | undefined
  #cancelTick: Cancel = () => {}
  #cancelWarning: Cancel = () => {}
  #isConnected = true

  /**
   * `changed` is told what the lease is from now on, after `ip` was configured: `isNew` where the address is another,
   * and nothing when there is no lease any more.
   */
  constructor(
    devices: Devices,
    options: Options,
    changed: (lease: Lease | undefined, isNew: boolean) => void,
  ) {
    this.#devices = devices
    this.#options = options
    this.#changed = changed
    const listening = devices.udp.listen(wire.CLIENT_PORT, (datagram) => this.#input(datagram.payload))
    assert(listening.ok, 'nobody listens on the port of a new stack')
    devices.arp.onConflict((address, other) => this.#conflict(address, other))
    this.#warnLater()
    this.#act(client.start(options, devices.clock.now(), u32(devices.random), options.before))
  }

  /** Asks no more, and gives the lease back unless it was to be kept. The address stays until the stack is disconnected. */
  disconnect(): void {
    if (!this.#isConnected) return
    this.#isConnected = false
    const released = client.release(this.#options, this.#state!, u32(this.#devices.random))
    if (released !== undefined && this.#options.keepsLease !== true) this.#release(released)
    this.#cancelTick()
    this.#cancelWarning()
    this.#devices.udp.unlisten(wire.CLIENT_PORT)
  }

  #input(payload: Uint8Array): void {
    const message = wire.parse(payload)
    if (!message.ok) return log.debug(() => `ignored a message: ${message.error}`)
    const { clock, random } = this.#devices
    this.#act(client.input(this.#options, this.#state!, message.value, clock.now(), u32(random)))
  }

  #tick(): void {
    const { clock, random } = this.#devices
    this.#act(client.tick(this.#options, this.#state!, clock.now(), u32(random)))
  }

  /** Somebody else claims an address; others than that of our lease may be ours too. */
  #conflict(address: Ipv4, other: mac.Mac): void {
    const state = this.#state
    if (!this.#isConnected || state === undefined || !('lease' in state)) return
    if (state.lease.address !== address) return
    const { clock, random } = this.#devices
    const output = client.conflict(this.#options, state, clock.now(), u32(random))
    const isDefended = output.announce !== undefined
    log.warning(
      () => `${mac.format(other)} uses ${ipv4.format(address)} too: ${isDefended ? 'defended' : 'declined'}`,
    )
    this.#act(output)
  }

  #act({ state, probe, event, send, announce }: client.Output): void {
    const { arp } = this.#devices
    const before = this.#state
    this.#state = state
    if (probe !== undefined) arp.probe(probe)
    // An address that was probed and is not to be ours is looked for no longer.
    if (before?.kind === 'probing' && !('lease' in state)) arp.remove(before.lease.address)
    if (event !== undefined) this.#tell(event)
    if (send !== undefined) this.#send(send)
    if (announce !== undefined) arp.add(announce)
    this.#cancelTick()
    if (!this.#isConnected || state.deadline === Infinity) return
    this.#cancelTick = this.#devices.clock.at(state.deadline, () => this.#tick())
  }

  #send({ src, dst, message }: client.Outgoing): void {
    const payload = wire.emit(message)
    const to = { address: dst, port: wire.SERVER_PORT }
    const sent = this.#devices.udp.write(to, payload, { srcPort: wire.CLIENT_PORT, src })
    // It is sent again at the next deadline.
    log.debug(() => `sent ${message.type} to ${ipv4.format(dst)}${sent.ok ? '' : `: ${sent.error}`}`)
  }

  /** By broadcast where the way to the server would have to be asked for, which takes longer than we have. */
  #release(released: client.Outgoing): void {
    const { arp, ip } = this.#devices
    const { cidr, gateway } = ip.config
    const nextHop = ipv4.contains(cidr, released.dst) ? released.dst : gateway
    const isKnown = nextHop !== undefined && arp.lookup(nextHop) !== undefined
    this.#send(isKnown ? released : { ...released, dst: ipv4.BROADCAST })
  }

  #tell({ kind, lease }: client.Event): void {
    switch (kind) {
      case 'bound':
        this.#cancelWarning()
        this.#devices.ip.configure(configOf(lease))
        return this.#changed(lease, true)
      case 'renewed':
        log.debug(() => `${ipv4.format(lease.address)} is leased for longer`)
        this.#devices.ip.configure(configOf(lease))
        return this.#changed(lease, false)
      case 'lost':
        log.warning(() => `the lease of ${ipv4.format(lease.address)} has ended`)
        this.#devices.ip.configure(UNCONFIGURED)
        this.#warnLater()
        return this.#changed(undefined, false)
    }
  }

  #warnLater(): void {
    this.#cancelWarning()
    const { clock } = this.#devices
    const since = clock.now()
    const warn = (): void => {
      const seconds = Math.round((clock.now() - since) / 1000)
      log.warning(
        `no DHCP server has answered ${mac.format(this.#options.mac)} for ${seconds} s, still asking`,
      )
      this.#cancelWarning = clock.at(clock.now() + 6 * SILENCE, warn)
    }
    this.#cancelWarning = clock.at(since + SILENCE, warn)
  }
}

function configOf({ address, prefixLength, gateway, mtu }: Lease): Config {
  return {
    cidr: { address, prefixLength },
    ...(gateway === undefined ? {} : { gateway }),
    ...(mtu === undefined ? {} : { mtu }),
  }
}
