/** Shows the way to a host: datagrams whose time to live grows, and who reports where they end. */
import { format, isIpv4 } from '@mirage/address/ip'
import type { IpAddress } from '@mirage/address/ip'
import { type Values, address, integer, number } from '@mirage/argument'
import type { Cancel, Clock } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import { type Random, below } from '@mirage/random'
import { type Result, done, err } from '@mirage/result'
import type { Stack } from '@mirage/stack'
import { type Kind, PORT_FIRST, Trace } from './trace.ts'

const log = source('traceroute')

export const args = {
  target: address({ doc: 'Whom to look for, by IPv4 or IPv6.' }),
  hops: integer({ doc: 'The longest way.', default: 30, min: 1, max: 255, alias: 'm' }),
  probes: integer({ doc: 'Probes for each hop.', default: 3, min: 1, max: 10, alias: 'q' }),
  window: integer({ doc: 'Probes on their way at once.', default: 16, min: 1, max: 64, alias: 'N' }),
  wait: number({ doc: 'Seconds that an answer may take.', default: 3, min: 0.1, max: 60, alias: 'w' }),
  size: integer({ doc: 'Bytes of a packet.', default: 60, min: 48, max: 1500 }),
}

interface Devices {
  readonly clock: Clock
  readonly random: Random
  readonly stack: Stack
}

/** The headers of IPv4 or IPv6, and UDP. */
const headersSize = (target: IpAddress): number => (isIpv4(target) ? 20 : 40) + 8
/** Tries to find a port of our own. */
const PORT_TRIES = 16

const KINDS: readonly string[] = [
  'time-exceeded',
  'port-unreachable',
  'host-unreachable',
  'net-unreachable',
  'protocol-unreachable',
  'prohibited',
  'too-big',
] satisfies Kind[]

export async function start(
  { clock, random, stack }: Devices,
  { target, hops, probes, window, wait, size }: Values<typeof args>,
): Promise<Result<void, string>> {
  const { udp } = stack
  const trace = new Trace({ hops, probes, window, wait: wait * 1000 })
  const payload = new Uint8Array(size - headersSize(target))
  return new Promise((resolve) => {
    let cancel: Cancel = () => {}
    const own = ownPort()
    if (own === undefined) return resolve(err('there is no free UDP port'))
    const srcPort: number = own
    udp.onError(({ kind, reporter, src, dst }) => {
      if (src.port !== srcPort || dst.address !== target) return
      answered(dst.port, reporter, KINDS.includes(kind) ? (kind as Kind) : 'other')
    })
    log.info(`to ${format(target)}: ${hops} hops at most, packets of ${size} bytes`)
    proceed()

    function ownPort(): number | undefined {
      for (let tries = 0; tries < PORT_TRIES; tries++) {
        const port = 49_152 + below(random, 16_384)
        const listening = udp.listen(port, ({ src }) => answered(src.port, src.address, 'arrived'))
        if (listening.ok) return port
      }
      return undefined
    }

    function answered(port: number, from: IpAddress, kind: Kind): void {
      trace.answer(port - PORT_FIRST, format(from), kind, clock.now())
      proceed()
    }

    /** Sends what may be sent, shows what is complete, and comes back when something is late. */
    function proceed(): void {
      cancel()
      for (const { index, ttl } of trace.send(clock.now())) {
        const written = udp.write({ address: target, port: PORT_FIRST + index }, payload, { srcPort, ttl })
        if (!written.ok) return resolve(err(`a probe was not sent: ${written.error}`))
      }
      for (const line of trace.lines()) log.info(line)
      if (trace.isOver) return resolve(trace.isEnded ? done : err(`${format(target)} does not answer`))
      cancel = clock.at(trace.deadline ?? clock.now(), proceed)
    }
  })
}
