/** A DHCP client on the stack that it configures: RFC 2131. The protocol is `@mirage/dhcp/client`. */
import * as ipv4 from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
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
  readonly ip: Ipv4Layer
  readonly udp: Udp
  readonly clock: Clock
  readonly random: Random
}

const log = source('dhcp')

/**
 * Keeps `ip` configured with what a DHCP server leases, for as long as it is connected. It asks for ever: a server
 * may come later. A lease that ends takes the address with it.
 */
export class Lessee {
  readonly #devices: Devices
  readonly #config: client.Config
  readonly #leased: (lease: Lease) => void
  #state: client.State | undefined
  #cancelTick: Cancel = () => {}
  #cancelWarning: Cancel = () => {}
  #isConnected = true

  /** `leased` is told every lease that brings another address, the first one included. */
  constructor(devices: Devices, config: client.Config, leased: (lease: Lease) => void) {
    this.#devices = devices
    this.#config = config
    this.#leased = leased
    const listening = devices.udp.listen(wire.CLIENT_PORT, (datagram) => this.#input(datagram.payload))
    assert(listening.ok, 'nobody listens on the port of a new stack')
    this.#warnLater()
    this.#act(client.start(config, devices.clock.now(), u32(devices.random)))
  }

  /** Asks no more. The address stays until the stack is disconnected. */
  disconnect(): void {
    this.#isConnected = false
    this.#cancelTick()
    this.#cancelWarning()
    this.#devices.udp.unlisten(wire.CLIENT_PORT)
  }

  #input(payload: Uint8Array): void {
    const message = wire.parse(payload)
    if (!message.ok) return log.debug(() => `ignored a message: ${message.error}`)
    const { clock, random } = this.#devices
    this.#act(client.input(this.#config, this.#state!, message.value, clock.now(), u32(random)))
  }

  #tick(): void {
    const { clock, random } = this.#devices
    this.#act(client.tick(this.#config, this.#state!, clock.now(), u32(random)))
  }

  #act({ state, send, event }: client.Output): void {
    this.#state = state
    if (event !== undefined) this.#tell(event)
    if (send !== undefined) this.#send(send)
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

  #tell({ kind, lease }: client.Event): void {
    switch (kind) {
      case 'bound':
        this.#cancelWarning()
        this.#devices.ip.configure(configOf(lease))
        return this.#leased(lease)
      case 'renewed':
        log.debug(() => `${ipv4.format(lease.address)} is leased for longer`)
        return this.#devices.ip.configure(configOf(lease))
      case 'lost':
        log.warning(() => `the lease of ${ipv4.format(lease.address)} has ended`)
        this.#devices.ip.configure(UNCONFIGURED)
        return this.#warnLater()
    }
  }

  #warnLater(): void {
    const { clock } = this.#devices
    const since = clock.now()
    const warn = (): void => {
      const seconds = Math.round((clock.now() - since) / 1000)
      log.warning(
        `no DHCP server has answered ${mac.format(this.#config.mac)} for ${seconds} s, still asking`,
      )
      this.#cancelWarning = clock.at(clock.now() + 6 * SILENCE, warn)
    }
    this.#cancelWarning = clock.at(since + SILENCE, warn)
  }
}

function configOf({ address, prefixLength, gateway }: Lease): Config {
  return { cidr: { address, prefixLength }, ...(gateway === undefined ? {} : { gateway }) }
}
