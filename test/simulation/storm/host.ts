/** A host that can be switched off and on again: each time it begins with nothing but its addresses. */
import assert from 'node:assert/strict'
import * as ipv4 from '@mirage/address/ipv4'
import type { IpAddress } from '@mirage/address/ip'
import type { Cidr, Ipv4 } from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import type { Ipv6, Cidr as Ipv6Cidr } from '@mirage/address/ipv6'
import * as mac from '@mirage/address/mac'
import type { Net } from '@mirage/net'
import { type Tap, captured } from '@mirage/net/capture'
import type { Simulation } from '@mirage/simulation'
import { type Stack, connect } from '@mirage/stack'
import type { connect as connectTcp } from '@mirage/tcp/connect'
import type { Switch } from '@mirage/vnetif'
import type { Holding } from './rules.ts'
import { WatchedClock } from './watched-clock.ts'

/** What the TCP of a stack is. */
type Transport = ReturnType<typeof connectTcp>

/** More timers than this at once are a leak: TCP has one for all of its connections, and every other layer has one, too. */
const PENDING_MAX = 10

/** RFC 8200 §5. */
export const IPV6_MTU_MIN = 1280

/** The address of the router in the network of switch `lan`. */
export function gatewayOf(lan: number): Cidr {
  return { address: ipv4.of(10, 0, lan, 254), prefixLength: 24 }
}

/** The same of IPv6. */
export function gatewayOf6(lan: number): Ipv6Cidr {
  return { address: ipv6.of(0xfd00, 0, 0, lan, 0, 0, 0, 254), prefixLength: 64 }
}

/** Where a host is. */
export interface Place {
  readonly index: number
  readonly lan: Switch
  /** The number of its network, if that is one of several. */
  readonly network: number | undefined
  readonly mtu: number
  readonly tap: Tap | undefined
}

/** A host and its place. */
export class Host {
  readonly index: number
  readonly #ipv4: Ipv4
  readonly #ipv6: Ipv6
  readonly lan: Switch
  readonly #simulation: Simulation
  readonly #mtu: number
  readonly #tap: Tap | undefined
  readonly #network: number | undefined
  /** How often it was switched on. */
  run = 0
  #stack: Stack | undefined
  #clock: WatchedClock | undefined
  #net: Net | undefined

  constructor(simulation: Simulation, { index, lan, network, mtu, tap }: Place) {
    this.#simulation = simulation
    this.#mtu = mtu
    this.#tap = tap
    this.#network = network
    this.lan = lan
    this.index = index
    this.#ipv4 = ipv4.of(10, 0, network ?? 0, index + 1)
    this.#ipv6 = ipv6.of(0xfd00, 0, 0, network ?? 0, 0, 0, 0, index + 1)
  }

  get name(): string {
    return `host ${this.index}`
  }

  /** Its address in one family or the other. */
  address(isIpv6: boolean): IpAddress {
    return isIpv6 ? this.#ipv6 : this.#ipv4
  }

  get isOn(): boolean {
    return this.#stack !== undefined
  }

  get stack(): Stack {
    assert.ok(this.#stack !== undefined, `${this.name} is on`)
    return this.#stack
  }

  get clock(): WatchedClock {
    assert.ok(this.#clock !== undefined, `${this.name} was on`)
    return this.#clock
  }

  get net(): Net | undefined {
    return this.#net
  }

  on(): void {
    this.run++
    const name = this.name
    this.#clock = new WatchedClock(this.#simulation.clock(name))
    this.#net = this.lan.connect({ mac: mac.local(this.index + 1), mtu: this.#mtu })
    const net = this.#tap === undefined ? this.#net : captured(this.#net, this.#tap)
    const needs = { net, clock: this.#clock, random: this.#simulation.random(name) }
    // Whether an address is free is asked elsewhere: here a host that comes back would have to wait.
    const addresses = [{ address: this.#ipv6, prefixLength: 64 }]
    const [way4, way6] =
      this.#network === undefined
        ? [{}, {}]
        : [{ gateway: gatewayOf(this.#network).address }, { gateway: gatewayOf6(this.#network).address }]
    const six = { addresses, isTrusted: true, acceptsRouters: false, ...way6 }
    const four = { cidr: { address: this.#ipv4, prefixLength: 24 }, ...way4 }
    this.#stack = this.#mtu < IPV6_MTU_MIN ? connect(needs, four) : connect(needs, four, six)
  }

  off(): void {
    this.#stack?.disconnect()
    this.#stack = undefined
    this.#net = undefined
  }

  /** What must hold when nobody has said anything for a while. */
  checkIdle(): void {
    const gauges = this.stack.metrics().filter(({ kind }) => kind === 'gauge')
    assert.ok(gauges.length >= 2, 'connections and their memory are told')
    for (const { name, samples } of gauges) assert.equal(samples[0]?.value, 0, `${this.name}: ${name}`)
  }

  /** What must hold whenever something has happened: it holds no more than `allowed`, and nothing where it is off. */
  check(allowed: Holding): void {
    const pending = this.#clock?.pending ?? 0
    assert.ok(pending <= (this.isOn ? PENDING_MAX : 0), `${this.name} has ${pending} timers`)
    if (this.#stack === undefined) return
    const { connections, memory, fragments } = holding(this.#stack)
    assert.ok(connections <= allowed.connections, `${this.name}: ${connections} connections`)
    assert.ok(memory <= allowed.memory, `${this.name}: ${memory} bytes wait in connections`)
    assert.ok(fragments <= allowed.fragments, `${this.name}: ${fragments} bytes of fragments`)
  }
}

/** What `stack` holds: a stack tells it as metrics, which is too slow to be asked after every event. */
function holding({ tcp, ip, ipv6: six }: Stack): Holding {
  const { usage } = tcp as Transport
  return { ...usage, fragments: ip.fragmentsSize + (six?.fragmentsSize ?? 0) }
}
