/** Address resolution on a link: who of the neighbours has an IPv4 address, and which are ours. RFC 826. */
import type { Ipv4 } from '@mirage/address/ipv4'
import { BROADCAST, type Mac } from '@mirage/address/mac'
import type { Cancel, Clock, Millis } from '@mirage/clock'
import { ARP, type Ethernet } from '@mirage/ethernet'
import { type Result, err, ok } from '@mirage/result'
import * as core from './cache.ts'
import * as wire from './wire.ts'

/** Between two ticks. A learnt address lives for 800 of them, 20 minutes; an unanswered query for 6 at most, 9 s. */
export const TICK: Millis = 1500

/** Queries for one address that wait at once; a further one is told `timeout`. */
export const WAITERS_MAX = 1024

/** Why a packet that arrived was ignored. */
export type ArpDrop = wire.ArpError

/** Who has which address on a link. */
export interface Arp {
  /** Ours, in the order they were added. The first is the sender of requests. */
  readonly addresses: readonly Ipv4[]

  /** Answers for `ip`, and announces it to everyone on the link. */
  add(ip: Ipv4): void
  /** Forgets `ip`, whether it is ours or a neighbour's. */
  remove(ip: Ipv4): void
  /** Answers for `ips` and for no other address. Those that stay are not announced again. */
  setAddresses(ips: readonly Ipv4[]): void

  /**
   * Asks once whether anybody has `ip`, which is not ours: RFC 5227 §2.1.1. Until it is added or removed,
   * `onConflict` tells who claims it, or probes it too. 256 addresses at once.
   */
  probe(ip: Ipv4): void

  /** Takes `mac` for the neighbour `ip` without asking, for ever. */
  static(ip: Ipv4, mac: Mac): void

  /** The MAC address of `ip` if it is known, ours included. Sends nothing. */
  lookup(ip: Ipv4): Mac | undefined

  /** Grows whenever an earlier answer of `lookup` may be wrong by now: who keeps one compares. */
  readonly version: number

  /**
   * The MAC address of `ip`, asked for on the link if it is not known. Nobody answers: `timeout`, after 7.5 to 9 s, or
   * sooner where 256 others were asked for since.
   */
  query(ip: Ipv4): Promise<Result<Mac, 'timeout'>>

  /** Tells `notify` of every host that claims an address that is ours or probed; several may ask. */
  onConflict(notify: (ip: Ipv4, mac: Mac) => void): void

  /** How many packets were no ARP for IPv4 over Ethernet, by reason. */
  readonly drops: Readonly<Record<ArpDrop, number>>

  /** Ends every query with `timeout`, and answers nobody any more. Disconnecting twice is the same as once. */
  disconnect(): void
}

/** ARP on `ethernet`, whose listener for that type it becomes. */
export function connect({ ethernet, clock }: { ethernet: Ethernet; clock: Clock }): Arp {
  return new Resolver(ethernet, clock)
}

type Waiter = (answer: Result<Mac, 'timeout'>) => void

class Resolver implements Arp {
  readonly drops: Record<ArpDrop, number> = { 'too-short': 0, unhandled: 0, 'bad-operation': 0 }
  #ethernet: Ethernet
  #clock: Clock
  #cache: core.Cache
  #waiters: Map<Ipv4, Waiter[]> = new Map()
  #conflict: ((ip: Ipv4, mac: Mac) => void)[] = []
  #cancelTick: Cancel | undefined
  #isConnected = true

  constructor(ethernet: Ethernet, clock: Clock) {
    this.#ethernet = ethernet
    this.#clock = clock
    this.#cache = core.create(ethernet.mac)
    ethernet.listen(ARP, (frame, offset) => this.#input(frame, offset))
  }

  get addresses(): readonly Ipv4[] {
    return core.addresses(this.#cache)
  }

  get version(): number {
    return this.#cache.version
  }

  add(ip: Ipv4): void {
    this.#act(core.alias(this.#cache, ip))
  }

  remove(ip: Ipv4): void {
    this.#act(core.remove(this.#cache, ip))
  }

  setAddresses(ips: readonly Ipv4[]): void {
    const before = this.addresses
    for (const ip of before) if (!ips.includes(ip)) this.remove(ip)
    for (const ip of ips) if (!before.includes(ip)) this.add(ip)
  }

  probe(ip: Ipv4): void {
    this.#act(core.probe(this.#cache, ip))
  }

  static(ip: Ipv4, mac: Mac): void {
    this.#act(core.assign(this.#cache, ip, mac))
  }

  lookup(ip: Ipv4): Mac | undefined {
    return core.lookup(this.#cache, ip)
  }

  query(ip: Ipv4): Promise<Result<Mac, 'timeout'>> {
    const known = this.lookup(ip)
    if (known !== undefined) return Promise.resolve(ok(known))
    const waiters = this.#waiters.get(ip) ?? []
    if (!this.#isConnected || waiters.length >= WAITERS_MAX) return Promise.resolve(err('timeout'))
    return new Promise((resolve) => {
      waiters.push(resolve)
      this.#waiters.set(ip, waiters)
      this.#act(core.query(this.#cache, ip))
    })
  }

  onConflict(notify: (ip: Ipv4, mac: Mac) => void): void {
    this.#conflict.push(notify)
  }

  disconnect(): void {
    this.#isConnected = false
    this.#cancelTick?.()
    this.#cancelTick = undefined
    for (const ip of this.#waiters.keys()) this.#wake(ip, err('timeout'))
  }

  #input(frame: Uint8Array, offset: number): void {
    if (!this.#isConnected) return
    const parsed = wire.parse(frame, offset)
    if (!parsed.ok) {
      this.drops[parsed.error] += 1
      return
    }
    this.#act(core.input(this.#cache, parsed.value))
  }

  #act({ packets, events }: core.Output): void {
    for (const packet of packets) this.#send(packet)
    for (const event of events) this.#tell(event)
    if (this.#isConnected && this.#cancelTick === undefined && core.isBusy(this.#cache)) this.#wind()
  }

  /** Sets the timer for one tick: there is none while a tick would change nothing. */
  #wind(): void {
    this.#cancelTick = this.#clock.at(this.#clock.now() + TICK, () => {
      this.#cancelTick = undefined
      this.#act(core.tick(this.#cache))
    })
  }

  #send(packet: wire.Arp): void {
    const dst = packet.operation === 'request' ? BROADCAST : packet.dstMac
    // A packet that the device does not take is lost like any other: requests are repeated.
    this.#ethernet.writeAt(dst, ARP, wire.SIZE, (frame, offset) => {
      wire.emit(frame, offset, packet)
      return wire.SIZE
    })
  }

  #tell(event: core.Event): void {
    switch (event.kind) {
      case 'resolved':
        return this.#wake(event.ip, ok(event.mac))
      case 'unresolved':
        return this.#wake(event.ip, err('timeout'))
      case 'conflict':
        for (const notify of this.#conflict) notify(event.ip, event.mac)
        return
      case 'moved':
        // Whoever kept the former address compares `version`.
        return
    }
  }

  #wake(ip: Ipv4, answer: Result<Mac, 'timeout'>): void {
    const waiters = this.#waiters.get(ip) ?? []
    this.#waiters.delete(ip)
    for (const wake of waiters) wake(answer)
  }
}
