/** Neighbour discovery with a clock, randomness and a link: what the cores of this folder want is done here. */
import * as ipv6 from '@mirage/address/ipv6'
import type { Mac } from '@mirage/address/mac'
import * as checksum from '@mirage/bytes/checksum'
import { setU16 } from '@mirage/bytes'
import type { Cancel, Clock, Millis } from '@mirage/clock'
import type { FillAt } from '@mirage/net'
import { type Random, u32 } from '@mirage/random'
import { ROUTER_ALERT_SIZE, emitRouterAlert } from '../ipv6/extension.ts'
import { ICMPV6, type Packet } from '../ip.ts'
import * as addresses from './addresses.ts'
import type { Advertised } from './advertising.ts'
import * as membership from './membership.ts'
import * as ndp from './ndp.ts'
import * as neighbours from './neighbours.ts'
import * as wire from './wire.ts'

/** What a message is sent in. */
export interface Envelope {
  readonly src: ipv6.Ipv6
  readonly dst: ipv6.Ipv6
  /** Of the neighbour; if it is not given, the packet goes as any other. */
  readonly to?: Mac
  readonly protocol: number
  readonly hopLimit: number
}

/** What happens to an interface. */
export type Event = Exclude<ndp.Action, { readonly kind: 'send' | 'resolved' | 'unresolved' }>

/** What it is made on. */
export interface Needs {
  readonly clock: Clock
  readonly random: Random
  /** Sends a packet with `size` bytes of payload. If it is lost, it is sent again in time. */
  readonly send: (envelope: Envelope, size: number, fill: FillAt) => void
  readonly resolved: (hop: ipv6.Ipv6, mac: Mac) => void
  readonly unresolved: (hop: ipv6.Ipv6) => void
  /** The addresses or groups differ from those before. */
  readonly moved: () => void
  readonly tell: (event: Event) => void
}

/** The neighbours of one interface, and its addresses. */
export class Discovery {
  readonly state: ndp.Ndp
  readonly #needs: Needs
  readonly #membership: membership.Membership = membership.create()
  #groups: ReadonlySet<ipv6.Ipv6> = new Set([ipv6.ALL_NODES])
  #version = 0
  #cancel: Cancel = () => {}
  #deadline: Millis = Infinity
  #isConnected = true

  constructor(needs: Needs, options: ndp.Options) {
    this.#needs = needs
    this.state = ndp.create(options)
  }

  /** Those that we are in. */
  get groups(): ReadonlySet<ipv6.Ipv6> {
    return this.#groups
  }

  /** Makes a link-local address, and those of `cidrs`; nobody is asked whether they have them if `isTrusted`. */
  start(cidrs: readonly ipv6.Cidr[], gateway: ipv6.Ipv6 | undefined, isTrusted: boolean): void {
    const now = this.#now()
    const chance = this.#chance()
    const probeAt = now + chance * PROBE_DELAY_MAX
    ndp.start(this.state, now, chance)
    for (const cidr of cidrs) ndp.assign(this.state, cidr, probeAt, now)
    if (gateway !== undefined) ndp.setGateway(this.state, gateway, now)
    if (isTrusted) addresses.trust(this.state.addresses)
    this.#act([])
  }

  /** Adds a fixed address. False: there is no room for it, or it is there. */
  assign(cidr: ipv6.Cidr): boolean {
    const now = this.#now()
    const isNew = ndp.assign(this.state, cidr, now, now)
    this.#act([])
    return isNew
  }

  /** Forgets an address, wherever it came from. */
  drop(address: ipv6.Ipv6): void {
    addresses.drop(this.state.addresses, address)
    this.#act([])
  }

  /** Makes `address` a way out of the link for ever. */
  setGateway(address: ipv6.Ipv6): void {
    ndp.setGateway(this.state, address, this.#now())
  }

  /** See `Ipv6Layer`. */
  becomeRouter(advertised: Advertised | undefined): void {
    ndp.becomeRouter(this.state, advertised, this.#now(), this.#chance())
    this.#act([])
  }

  /** Where an earlier `nextHop` or `lookup` may be wrong: who keeps one compares. */
  get version(): number {
    return this.state.neighbours.version
  }

  /** The way out of the link, if there is one now. */
  get gateway(): ipv6.Ipv6 | undefined {
    return ndp.gateway(this.state, this.#now())
  }

  /** The neighbour that a packet to `dst`, which is no group, goes to. */
  nextHop(dst: ipv6.Ipv6): ipv6.Ipv6 | undefined {
    return ndp.nextHop(this.state, dst, this.#now())
  }

  /** The MAC address of a neighbour that something is sent to, if it is known. */
  lookup(hop: ipv6.Ipv6): Mac | undefined {
    const mac = neighbours.lookup(this.state.neighbours, hop, this.#now())
    this.#wind()
    return mac
  }

  /** Asks for the MAC address of `hop`; `resolved` or `unresolved` is called, perhaps before this returns. */
  resolve(hop: ipv6.Ipv6): void {
    this.#act(ndp.resolve(this.state, hop, this.#now()))
  }

  /** The address that a packet to `dst` is sent from. */
  src(dst: ipv6.Ipv6): ipv6.Ipv6 | undefined {
    return addresses.choose(this.state.addresses, dst, this.#now())
  }

  /** Whether an ICMPv6 message is one that `input` takes. */
  isOurs({ frame, offset, end }: Packet<ipv6.Ipv6>): boolean {
    if (offset === end) return false
    const type = frame[offset]!
    return wire.isNeighbourDiscovery(type) || type === membership.QUERY || type === membership.REPORT
  }

  /** Takes a message of ours, whose checksum is right; false if it is none after all. */
  input(packet: Packet<ipv6.Ipv6>): boolean {
    const { frame, offset, end } = packet
    // What others are members of is for switches to know.
    if (frame[offset] === membership.REPORT) return true
    if (frame[offset] === membership.QUERY) return this.#queried(packet)
    const travel = { src: packet.src, dst: packet.dst, hopLimit: packet.ttl }
    const parsed = wire.parse(frame, offset, end, travel)
    if (!parsed.ok) return false
    this.#act(ndp.input(this.state, parsed.value, travel, this.#now(), this.#chance()))
    return true
  }

  disconnect(): void {
    if (this.#isConnected) this.#act(ndp.retire(this.state))
    this.#isConnected = false
    this.#cancel()
  }

  /** Of a router on this link, in the group of all or of one: RFC 3810 §5.1.14. */
  #queried({ frame, offset, end, src, ttl }: Packet<ipv6.Ipv6>): boolean {
    if (!ipv6.isLinkLocal(src) || ttl !== 1) return false
    membership.queried(this.#membership, frame, offset, end, this.#now(), this.#chance())
    this.#wind()
    return true
  }

  #tick = (): void => {
    this.#deadline = Infinity
    const now = this.#now()
    this.#act(ndp.tick(this.state, now, this.#chance()))
    const kind = membership.tick(this.#membership, now, this.#chance())
    if (kind !== undefined) this.#report(kind)
    this.#wind()
  }

  #act(actions: readonly ndp.Action[]): void {
    this.#compare()
    for (const action of actions) {
      if (action.kind === 'send') this.#send(action)
      else if (action.kind === 'resolved') this.#needs.resolved(action.ip, action.mac)
      else if (action.kind === 'unresolved') this.#needs.unresolved(action.ip)
      else this.#needs.tell(action)
    }
    this.#wind()
  }

  /** Looks whether there are other addresses than before, and tells switches of their groups before anyone is asked. */
  #compare(): void {
    const { version } = this.state.addresses
    if (version === this.#version) return
    this.#version = version
    const before = this.#groups
    this.#groups = ndp.groups(this.state)
    if ([...this.#groups].some((group) => !before.has(group))) this.#join()
    this.#needs.moved()
  }

  #join(): void {
    membership.joined(this.#membership, this.#now())
    const kind = membership.tick(this.#membership, this.#now(), this.#chance())
    if (kind !== undefined) this.#report(kind)
  }

  #wind(): void {
    const deadline = Math.min(ndp.deadline(this.state), this.#membership.deadline)
    if (deadline === this.#deadline) return
    this.#cancel()
    this.#deadline = deadline
    if (deadline < Infinity && this.#isConnected) this.#cancel = this.#needs.clock.at(deadline, this.#tick)
  }

  #send({ src, dst, to, message }: Extract<ndp.Action, { readonly kind: 'send' }>): void {
    const size = wire.sizeOf(message)
    const envelope = {
      src,
      dst,
      protocol: ICMPV6,
      hopLimit: wire.HOP_LIMIT,
      ...(to === undefined ? {} : { to }),
    }
    this.#needs.send(envelope, size, (frame, offset) => {
      frame.fill(0, offset, offset + size)
      wire.emit(frame, offset, message)
      return sum(frame, offset, size, src, dst)
    })
  }

  #report(kind: number): void {
    // Everyone is in the group of everyone: RFC 3810 §6.
    const groups = [...this.#groups]
      .filter((group) => group !== ipv6.ALL_NODES)
      .slice(0, membership.GROUPS_MAX)
    if (groups.length === 0 || !this.#isConnected) return
    const own = this.src(membership.ROUTERS)
    // From no other address than the link's own, or from none: RFC 3590.
    const src = own !== undefined && ipv6.isLinkLocal(own) ? own : ipv6.UNSPECIFIED
    const size = membership.sizeOf(groups.length)
    const envelope = { src, dst: membership.ROUTERS, protocol: 0, hopLimit: 1 }
    this.#needs.send(envelope, ROUTER_ALERT_SIZE + size, (frame, offset) => {
      frame.fill(0, offset, offset + ROUTER_ALERT_SIZE + size)
      emitRouterAlert(frame, offset, ICMPV6)
      membership.emit(frame, offset + ROUTER_ALERT_SIZE, kind, groups)
      return ROUTER_ALERT_SIZE + sum(frame, offset + ROUTER_ALERT_SIZE, size, src, membership.ROUTERS)
    })
  }

  #now(): Millis {
    return this.#needs.clock.now()
  }

  #chance(): number {
    return u32(this.#needs.random) / 0x1_0000_0000
  }
}

/** Fixed addresses are asked for after as long as the first one: RFC 4862 §5.4.2. */
const PROBE_DELAY_MAX: Millis = 1000

/** Puts the checksum into the message of `size` bytes, and returns that. */
function sum(frame: Uint8Array, offset: number, size: number, src: ipv6.Ipv6, dst: ipv6.Ipv6): number {
  const pseudo = checksum.pseudo(src, dst, ICMPV6, size)
  setU16(frame, offset + 2, checksum.of(frame, offset, offset + size, pseudo))
  return size
}
