/** A DHCP server on UDP, with its leases in a store: the shell of `server.ts`. */
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import type { Cancel, Clock, Millis } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import type { Kv } from '@mirage/kv'
import * as kvError from '@mirage/kv/error'
import { type Result, err, ok } from '@mirage/result'
import type { Udp } from '@mirage/udp'
import * as leaseStore from './lease-store.ts'
import { type Config, type Ignored, type Output, type Reply, type Server, createServer } from './server.ts'
import * as wire from './wire.ts'

/** Looks whether somebody uses an address. */
export interface Prober {
  /** Asks once. */
  probe(address: Ipv4): void
  /** Tells `notify` of every address that answers, asked or not. */
  onAnswer(notify: (address: Ipv4) => void): void
}

/** What a server runs on. */
export interface Devices {
  readonly udp: Udp
  readonly clock: Clock
  /** Where leases outlive the unikernel. Without it, they end with it. */
  readonly leases?: Kv
  /** Asked before an address is offered to a client that did not have it, which then waits half a second. */
  readonly prober?: Prober
}

/** A server that runs. */
export interface RunningServer {
  readonly entries: Server['entries']
  readonly counters: Readonly<Counters>
  /** Answers nobody any more. Twice is the same as once. */
  disconnect(): void
}

/** Messages, by what became of them. */
export type Counters = Record<Ignored | 'malformed-message' | 'queue-full' | 'not-stored' | 'replies', number>

/** Messages that wait for the store, the oldest first: more are lost, and asked again by their clients. */
export const QUEUE_MAX = 256
/** Offers that wait for a probe's answer at once; more are made without. */
export const PROBES_MAX = 64
/** Addresses that are looked for because of one message: if somebody uses them all, its client may ask again. */
const TRIES_MAX = 4
/** Whoever has an address answers sooner than this, or is not on this link. */
const PROBE_TIME: Millis = 500

const log = source('dhcp-server')

/** Answers on port 67 of `udp`, or says in one sentence why it cannot. */
export async function serve(devices: Devices, config: Config): Promise<Result<RunningServer, string>> {
  const { udp, clock, leases } = devices
  const stored = leases === undefined ? ok([]) : await leaseStore.load(leases, clock)
  if (!stored.ok) return err(`the leases cannot be read: ${kvError.format(stored.error)}`)
  const server = new UdpServer(devices, createServer(config, stored.value))
  const listening = udp.listen(wire.SERVER_PORT, ({ payload }) => server.input(payload))
  if (!listening.ok) return err('port 67 is in use')
  if (stored.value.length > 0) log.info(`remembers ${server.entries.size} leases`)
  return ok(server)
}

/** A message, and how many addresses were looked for because of it. */
interface Question {
  readonly message: wire.Message
  readonly tries: number
}

/** An address that is looked for, and what is asked again if somebody has it. */
interface Probe {
  readonly question: Question
  readonly cancel: Cancel
}

class UdpServer implements RunningServer {
  readonly counters: Counters = {
    'not-a-question': 0,
    'other-network': 0,
    malformed: 0,
    'for-other-server': 0,
    'unknown-client': 0,
    'no-address': 0,
    'too-many-clients': 0,
    done: 0,
    'malformed-message': 0,
    'queue-full': 0,
    'not-stored': 0,
    replies: 0,
  }
  readonly #devices: Devices
  readonly #server: Server
  readonly #queue: Question[] = []
  readonly #probes: Map<Ipv4, Probe> = new Map()
  #isWorking = false
  #isConnected = true

  constructor(devices: Devices, server: Server) {
    this.#devices = devices
    this.#server = server
    devices.prober?.onAnswer((address) => this.#conflict(address))
  }

  get entries(): Server['entries'] {
    return this.#server.entries
  }

  disconnect(): void {
    this.#isConnected = false
    this.#queue.length = 0
    for (const { cancel } of this.#probes.values()) cancel()
    this.#probes.clear()
    this.#devices.udp.unlisten(wire.SERVER_PORT)
  }

  input(payload: Uint8Array): void {
    const message = wire.parse(payload)
    if (!message.ok) this.counters['malformed-message'] += 1
    else if (this.#queue.length >= QUEUE_MAX) this.counters['queue-full'] += 1
    else this.#take({ message: message.value, tries: 0 })
  }

  /** One message after the other: each is stored before the next is looked at. */
  #take(question: Question): void {
    this.#queue.push(question)
    if (!this.#isWorking) void this.#work()
  }

  async #work(): Promise<void> {
    this.#isWorking = true
    for (let question = this.#queue.shift(); question !== undefined; question = this.#queue.shift()) {
      const output = this.#server.input(question.message, this.#devices.clock.now())
      if (output.changed.length === 0 || (await this.#store(output.changed))) this.#act(question, output)
      else this.counters['not-stored'] += 1
    }
    this.#isWorking = false
  }

  /** RFC 2131 §3.1.4: a lease is stored before it is given. */
  async #store(changed: readonly Ipv4[]): Promise<boolean> {
    const { leases, clock } = this.#devices
    if (leases === undefined) return true
    for (const address of changed) {
      const saved = await leaseStore.save(leases, clock, address, this.entries.get(address))
      if (!saved.ok) log.warning(() => `a lease is not stored: ${kvError.format(saved.error)}`)
      if (!saved.ok) return false
    }
    return true
  }

  #act(question: Question, output: Output): void {
    if (!this.#isConnected) return
    if ('reply' in output) return this.#answer(question, output.reply, output.probe)
    const { type, chaddr } = question.message
    this.counters[output.ignored] += 1
    log.debug(() => `${type} of ${mac.format(chaddr)}: ${output.ignored}`)
  }

  #answer(question: Question, reply: Reply, probe: Ipv4 | undefined): void {
    const { prober } = this.#devices
    const { type, yiaddr } = reply.message
    // The client is impatient: its offer is on its way.
    if (type === 'offer' && this.#probes.has(yiaddr)) return
    // It remembers the address (RFC 2131 §4.3.2), and from now on it is the client itself that would answer.
    if (type === 'ack') this.#endProbe(yiaddr)
    if (probe === undefined || prober === undefined || this.#probes.size >= PROBES_MAX)
      return this.#send(reply)
    if (question.tries < TRIES_MAX) this.#probe(prober, probe, question, reply)
  }

  /** Offers after a while in which nobody has said that it has the address. */
  #probe(prober: Prober, address: Ipv4, { message, tries }: Question, reply: Reply): void {
    const { clock } = this.#devices
    const cancel = clock.at(clock.now() + PROBE_TIME, () => {
      this.#probes.delete(address)
      this.#send(reply)
    })
    this.#probes.set(address, { question: { message, tries: tries + 1 }, cancel })
    prober.probe(address)
  }

  /** The client gets another address, which is looked for in turn. */
  #conflict(address: Ipv4): void {
    const probe = this.#endProbe(address)
    if (probe === undefined) return
    log.warning(() => `somebody uses ${ipv4.format(address)} without having leased it`)
    this.#server.conflict(address, this.#devices.clock.now())
    this.#take(probe.question)
  }

  #endProbe(address: Ipv4): Probe | undefined {
    const probe = this.#probes.get(address)
    this.#probes.delete(address)
    probe?.cancel()
    return probe
  }

  #send({ dst, dstPort, message, sizeMax }: Reply): void {
    const { udp } = this.#devices
    const to = { address: dst, port: dstPort }
    const sent = udp.write(to, wire.emit(message, sizeMax), { srcPort: wire.SERVER_PORT })
    this.counters.replies += 1
    const what = (): string => `${message.type} ${ipv4.format(message.yiaddr)}`
    log.info(() => `${what()} to ${mac.format(message.chaddr)}${sent.ok ? '' : `: ${sent.error}`}`)
  }
}
