/** Runs a storm: hosts on switches that talk while links fail and hosts restart, and what must hold whatever happens. */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import * as mac from '@mirage/address/mac'
import { type Clock, type Millis } from '@mirage/clock'
import { getU32, setU32 } from '@mirage/bytes'
import { type Sink, capture } from '@mirage/net/capture'
import { connect as connectRouter } from '@mirage/router'
import { connect as connectRouter6 } from '@mirage/router/ipv6'
import { type Simulation, simulate } from '@mirage/simulation'
import { type Stack, connect } from '@mirage/stack'
import type { KeepAlive, TcpFlow } from '@mirage/tcp'
import { type Switch, vnetif } from '@mirage/vnetif'
import { bridge } from '@mirage/vnetif/bridge'
import { Host, IPV6_MTU_MIN, gatewayOf, gatewayOf6 } from './host.ts'
import type { Conversation, Event, Part, Plan } from './plan.ts'
import { NUMBER_SIZE, Rules } from './rules.ts'
import { type End, type Outcome, talk, textOf } from './talk.ts'

/** What a storm came to. */
export interface Result {
  readonly seed: number
  readonly digest: string
  readonly events: number
  readonly elapsed: Millis
  /** How the ends of the conversations ended. */
  readonly outcomes: Readonly<Record<Outcome | 'not-connected', number>>
  /** Datagrams and echoes that arrived. */
  readonly messages: number
}

const PORT = 7
const UDP_PORT = 9
/** A peer that is silent for longer than half a minute is gone. */
const KEEP_ALIVE: KeepAlive = { after: 10_000, interval: 2000, probes: 10 }
/** From the calm on every conversation is over after so long: the longest silence, retransmission and stall. */
const OVER_AFTER: Millis = 1_200_000
/** After the last conversation nothing is left to be said, or to be waited for, but by ARP. */
const SILENT_AFTER: Millis = 300_000
/** How long before and after a fault of a host, or of the network, a conversation may suffer. */
const HARM_AFTER: Millis = 120_000

/** Who looks on. */
export interface Spectator {
  /** Is told every event. */
  readonly follow?: (now: Millis, event: string) => void
  /** Is given a recording of what every host sends and receives. */
  readonly record?: Sink
}

/** Runs `plan`, and throws at the first thing that does not hold. */
export async function run(plan: Plan, spectator: Spectator = {}): Promise<Result> {
  const storm = new Storm(plan, spectator)
  return storm.run(spectator.follow)
}

class Storm {
  readonly #plan: Plan
  readonly #simulation: Simulation
  readonly #lans: readonly Switch[]
  readonly #hosts: readonly Host[]
  readonly #director: Clock
  readonly #conversations: Promise<void>[] = []
  /** The server's part of each conversation, by its number. */
  readonly #parts: Map<number, (flow: TcpFlow, first: Uint8Array) => void> = new Map()
  readonly #datagrams: Map<number, Uint8Array> = new Map()
  readonly #outcomes: Record<Outcome | 'not-connected', number> = {
    complete: 0,
    ended: 0,
    reset: 0,
    'timed-out': 0,
    closed: 0,
    'not-connected': 0,
  }
  readonly #rules = new Rules()
  #routers: readonly Stack[] = []
  #messages = 0
  #packets = 0
  /** The first thing that went wrong where nobody waits for it. */
  #failure: unknown

  constructor(plan: Plan, { record }: Spectator) {
    this.#plan = plan
    this.#simulation = simulate(plan.seed, setImmediate)
    this.#director = this.#simulation.clock('director')
    this.#lans = [0, ...plan.uplinks].map((_, index) => this.#lan(index))
    if (plan.isRouted) this.#routers = this.#route()
    else plan.uplinks.forEach((to, index) => this.#join(index + 1, to))
    const recording = record === undefined ? undefined : capture(record, this.#director, `storm ${plan.seed}`)
    this.#hosts = plan.hosts.map((lan, index) => {
      const tap = recording?.add({ name: `host ${index}` })
      const network = plan.isRouted ? lan : undefined
      return new Host(this.#simulation, { index, lan: this.#lans[lan]!, network, mtu: plan.mtus[lan]!, tap })
    })
  }

  async run(follow: Spectator['follow']): Promise<Result> {
    const { seed, events, faults, calm } = this.#plan
    const simulation = this.#simulation
    for (const host of this.#hosts) this.#start(host)
    this.#hosts.forEach((host, index) => host.lan.setFaults(faults[index], host.net))
    simulation.trace.follow((now, event) => {
      follow?.(now, event)
      this.#check()
    })
    events.forEach((event, number) => this.#director.at(event.at, () => this.#happen(event, number)))
    await simulation.pass(calm)
    this.#calm()
    await simulation.run(Promise.all(this.#conversations), OVER_AFTER)
    const elapsed = simulation.now()
    await simulation.pass(SILENT_AFTER)
    const packets = this.#packets
    await simulation.pass(SILENT_AFTER)
    assert.equal(this.#packets, packets, 'packets are sent after everything is over')
    for (const host of this.#hosts) host.checkIdle()
    for (const host of this.#hosts) this.#stop(host)
    for (const leg of this.#routers) leg.disconnect()
    const { digest, events: count } = simulation.trace
    return { seed, digest, events: count, elapsed, outcomes: this.#outcomes, messages: this.#messages }
  }

  #lan(index: number): Switch {
    const { trace } = this.#simulation
    return vnetif({
      clock: this.#simulation.clock(`lan ${index}`),
      random: this.#simulation.random(`faults ${index}`),
      mtu: this.#plan.mtus[index]!,
      observe: (fate, from, to, frame) => {
        if (!isAboutNeighbours(frame)) this.#packets++
        const where = to === undefined ? `${from.mac & 255}` : `${from.mac & 255} to ${to.mac & 255}`
        trace.add(this.#simulation.now(), `${fate} ${where}`, frame)
      },
    })
  }

  #join(from: number, to: number): void {
    const [a, b] = [this.#lans[from]!, this.#lans[to]!]
    bridge(a.connect({ mac: mac.local(0x100 + from) }), b.connect({ mac: mac.local(0x200 + from) }))
  }

  /** A router with a leg in every network. */
  #route(): readonly Stack[] {
    const clock = this.#simulation.clock('router')
    const random = this.#simulation.random('router')
    const legs = this.#lans.map((lan, index) => {
      const net = lan.connect({ mac: mac.local(0x300 + index) })
      const six = { addresses: [gatewayOf6(index)], isTrusted: true, acceptsRouters: false }
      return connect(
        { net, clock, random },
        { cidr: gatewayOf(index) },
        net.mtu < IPV6_MTU_MIN ? undefined : six,
      )
    })
    connectRouter({ links: legs.map(({ ip }) => ip), clock, random })
    const links = legs.flatMap(({ ipv6 }) => (ipv6 === undefined ? [] : [ipv6]))
    if (links.length > 0) connectRouter6({ links, clock, random })
    return legs
  }

  #start(host: Host): void {
    host.on()
    const { tcp, udp, icmp } = host.stack
    tcp.listen(PORT, (flow) => this.#watch(this.#serve(flow)), { keepAlive: KEEP_ALIVE })
    udp.listen(UDP_PORT, ({ payload }) => this.#arrived(payload))
    icmp.onReply(({ payload }) => this.#arrived(payload))
  }

  #stop(host: Host): void {
    host.off()
    assert.equal(host.clock.pending, 0, `timers of ${host.name} outlive it`)
  }

  /** After every event. */
  #check(): void {
    if (this.#failure !== undefined) throw this.#failure
    const now = this.#simulation.now()
    for (const host of this.#hosts) host.check(this.#rules.allowance(host.index, now))
  }

  /** Has what `work` throws end the storm. */
  #watch(work: Promise<void>): void {
    this.#conversations.push(work)
    work.catch((error: unknown) => (this.#failure ??= error))
  }

  #happen(event: Event, number: number): void {
    switch (event.kind) {
      case 'conversation':
        return this.#watch(this.#converse(event, number))
      case 'datagrams':
        return this.#send(event.from, number, event.sizes, (payload) => {
          const to = { address: this.#hosts[event.to]!.address(event.isIpv6), port: UDP_PORT }
          this.#hosts[event.from]!.stack.udp.write(to, payload)
        })
      case 'pings':
        return this.#send(event.from, number, event.sizes, (payload, sequence) => {
          this.#hosts[event.from]!.stack.icmp.echo(this.#hosts[event.to]!.address(event.isIpv6), {
            id: number,
            sequence,
            payload,
          })
        })
      case 'restart':
        return this.#restart(this.#hosts[event.host]!, event.duration)
      case 'partition':
        return this.#partition(event.set, event.duration)
      case 'faults': {
        const host = this.#hosts[event.host]!
        return host.isOn ? host.lan.setFaults(event.faults, host.net) : undefined
      }
    }
  }

  #restart(host: Host, duration: Millis): void {
    if (!host.isOn) return
    this.#stop(host)
    this.#director.at(this.#director.now() + duration, () => this.#start(host))
  }

  #partition(set: readonly number[], duration: Millis): void {
    const nets = set.flatMap((index) => this.#hosts[index]!.net ?? [])
    for (const lan of this.#lans) lan.partition(nets)
    this.#director.at(this.#director.now() + duration, () => {
      for (const lan of this.#lans) lan.partition()
    })
  }

  #calm(): void {
    for (const lan of this.#lans) lan.setFaults(undefined)
  }

  #send(
    from: number,
    number: number,
    sizes: readonly number[],
    write: (payload: Uint8Array, index: number) => void,
  ): void {
    if (!this.#hosts[from]!.isOn) return
    sizes.forEach((size, index) => {
      const id = number * 256 + index
      const payload = textOf(this.#plan.seed, id, 0, NUMBER_SIZE + size)
      setU32(payload, 0, id)
      this.#datagrams.set(id, payload)
      write(payload, index)
    })
  }

  /** A datagram, or an echo that came back, holds what was sent. */
  #arrived(payload: Uint8Array): void {
    assert.ok(payload.length >= NUMBER_SIZE, 'a datagram that nobody sent')
    const sent = this.#datagrams.get(getU32(payload, 0))
    assert.ok(sent !== undefined, 'a datagram that nobody sent')
    assert.equal(Buffer.compare(payload, sent), 0, 'a datagram holds what was sent')
    this.#messages++
  }

  async #converse(event: Conversation, number: number): Promise<void> {
    const [client, server] = [this.#hosts[event.client]!, this.#hosts[event.server]!]
    if (!client.isOn) return
    const [clientPart, serverPart] = event.parts
    const texts = [this.#text(number, 0, clientPart), this.#text(number, 1, serverPart)] as const
    const [clientEnd, serverEnd] = [end(), end()]
    const clock = this.#simulation.clock('talk')
    this.#parts.set(number, (flow, first) => {
      const role = {
        part: serverPart,
        own: serverEnd,
        other: clientEnd,
        text: texts[1],
        expected: texts[0],
        clock,
      }
      this.#watch(this.#tell(event, number, talk(flow, role, first)))
    })
    this.#rules.begun(number, event)
    const connected = await client.stack.tcp.connect(
      { address: server.address(event.isIpv6), port: PORT },
      { keepAlive: KEEP_ALIVE },
    )
    if (!connected.ok) {
      this.#outcomes['not-connected']++
      this.#rules.ended(number, this.#simulation.now())
      return assert.ok(this.#mayFail(event), `no connection: ${connected.error}`)
    }
    const flow = connected.value
    const header = new Uint8Array(NUMBER_SIZE)
    setU32(header, 0, number)
    await flow.write(header)
    const role = {
      part: clientPart,
      own: clientEnd,
      other: serverEnd,
      text: texts[0],
      expected: texts[1],
      clock,
    }
    await this.#tell(event, number, talk(flow, role))
  }

  async #serve(flow: TcpFlow): Promise<void> {
    let header = new Uint8Array(0)
    while (header.length < NUMBER_SIZE) {
      const chunk = await flow.read()
      if (!chunk.ok || chunk.value === 'eof') return flow.close()
      header = Uint8Array.from([...header, ...chunk.value])
    }
    const serve = this.#parts.get(getU32(header, 0))
    assert.ok(serve !== undefined, 'a conversation that nobody began')
    serve(flow, header.subarray(NUMBER_SIZE))
  }

  async #tell(event: Conversation, number: number, talking: Promise<Outcome>): Promise<void> {
    const outcome = await talking
    this.#rules.ended(number, this.#simulation.now())
    this.#outcomes[outcome]++
    if (outcome === 'complete' || outcome === 'ended') return
    assert.ok(this.#mayFail(event), `a conversation failed, ${outcome}, without a reason`)
  }

  #text(number: number, direction: 0 | 1, { length }: Part): Uint8Array {
    return textOf(this.#plan.seed, number, direction, length)
  }

  /** Whether an end of the conversation gave up, or something happened meanwhile that may end a connection. */
  #mayFail({ parts, at }: Conversation): boolean {
    if (parts.some(({ ending }) => ending !== 'shutdown')) return true
    const now = this.#simulation.now()
    return this.#plan.events.some(
      (event) =>
        (event.kind === 'restart' || event.kind === 'partition') &&
        event.at <= now &&
        event.at + event.duration + HARM_AFTER >= at,
    )
  }
}

/** ARP and neighbour discovery ask again about whom they know, for as long as a host is on. */
function isAboutNeighbours(frame: Uint8Array): boolean {
  if (frame[12] === 0x08 && frame[13] === 0x06) return true
  return frame[12] === 0x86 && frame[20] === 58 && frame[54]! >= 133 && frame[54]! <= 137
}

function end(): End {
  return { written: 0, isFinished: false, isDeaf: false }
}
