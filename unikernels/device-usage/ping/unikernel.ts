/** Sends ICMP echo requests and tells how long the answers take: RFC 792. */
import { format } from '@mirage/address/ip'
import type { IpAddress } from '@mirage/address/ip'
import { type Values, address, integer, number, optional } from '@mirage/argument'
import { getU16 } from '@mirage/bytes'
import { type Clock, type Millis, sleep } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import { ICMP, ICMPV6 } from '@mirage/ip'
import { type Random, below } from '@mirage/random'
import { type Result, done, err } from '@mirage/result'
import type { Stack } from '@mirage/stack'
import { Statistics } from './statistics.ts'

const log = source('ping')

export const args = {
  target: optional(address({ doc: 'Whom to ping, by IPv4 or IPv6; the gateway unless told.' })),
  count: integer({ doc: 'How many times.', default: 4, min: 1, max: 65_535 }),
  interval: number({ doc: 'Seconds between two requests.', default: 1, min: 0.001, max: 3600 }),
  size: integer({ doc: 'Bytes that each carries.', default: 56, min: 0, max: 65_507 }),
  ttl: integer({ doc: 'Hops that a request may live.', default: 64, min: 1, max: 255 }),
  wait: number({ doc: 'Seconds that an answer may take.', default: 1, min: 0.001, max: 3600 }),
}

interface Devices {
  readonly clock: Clock
  readonly random: Random
  readonly stack: Stack
}

export async function start(
  { clock, random, stack }: Devices,
  { target, count, interval, size, ttl, wait }: Values<typeof args>,
): Promise<Result<void, string>> {
  const dst: IpAddress | undefined = target ?? stack.ip.config.gateway
  if (dst === undefined) return err('there is no gateway to ping: say --target')
  const statistics = new Statistics()
  const series = new Series(clock, below(random, 0x1_0000), statistics, wait * 1000)
  const payload = Uint8Array.from({ length: size }, (_, index) => index)
  listen(stack, series)
  for (let sequence = 1; sequence <= count; sequence++) {
    statistics.sent += 1
    series.sent(sequence)
    const written = stack.icmp.echo(dst, { id: series.id, sequence, payload }, { ttl })
    if (!written.ok) {
      series.isOver(sequence)
      log.warning(`sequence ${sequence} was not sent: ${written.error}`)
    }
    await (sequence < count ? sleep(clock, interval * 1000) : series.ended())
    series.giveUp()
  }
  log.info(statistics.counts())
  const times = statistics.times()
  if (times !== undefined) log.info(times)
  return statistics.received > 0 ? done : err(`${format(dst)} does not answer`)
}

/** The requests that wait for an answer, and what has come of the others. */
class Series {
  readonly id: number
  readonly statistics: Statistics
  readonly #clock: Clock
  readonly #wait: Millis
  /** By sequence number, oldest first: no more than are sent while one may be answered. */
  readonly #waiting: Map<number, Millis> = new Map()
  #last = 0
  #allOver: () => void = () => {}

  constructor(clock: Clock, id: number, statistics: Statistics, wait: Millis) {
    this.#clock = clock
    this.id = id
    this.statistics = statistics
    this.#wait = wait
  }

  sent(sequence: number): void {
    this.#last = sequence
    this.#waiting.set(sequence, this.#clock.now())
  }

  /** How long the request `sequence` has waited, if it does; then it waits no longer. */
  isOver(sequence: number): Millis | undefined {
    const since = this.#waiting.get(sequence)
    if (since === undefined) return undefined
    this.#waiting.delete(sequence)
    if (this.#waiting.size === 0) this.#allOver()
    return this.#clock.now() - since
  }

  /** Resolves once no request waits any more, or the last of them has waited long enough. */
  ended(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.size === 0) return resolve()
      const cancel = this.#clock.at(this.#clock.now() + this.#wait, resolve)
      this.#allOver = () => {
        cancel()
        resolve()
      }
    })
  }

  wasSent(sequence: number): boolean {
    return sequence >= 1 && sequence <= this.#last
  }

  /** Says which requests were not answered in time. */
  giveUp(): void {
    for (const [sequence, since] of this.#waiting) {
      if (this.#clock.now() - since < this.#wait) return
      this.#waiting.delete(sequence)
      log.warning(`no answer to sequence ${sequence}`)
    }
  }
}

function listen({ icmp }: Stack, series: Series): void {
  const { id, statistics } = series
  icmp.onReply(({ src, id: to, sequence, payload }) => {
    if (to !== id || !series.wasSent(sequence)) return
    const elapsed = series.isOver(sequence)
    const about = `${payload.length} bytes from ${format(src)}: sequence ${sequence}`
    if (elapsed === undefined) {
      statistics.duplicates += 1
      return log.info(`${about}, again or too late`)
    }
    statistics.answered(elapsed)
    log.info(`${about}, time ${elapsed.toFixed(3)} ms`)
  })
  for (const protocol of [ICMP, ICMPV6]) {
    icmp.onError(protocol, ({ kind, reporter, frame, offset }) => {
      const sequence = getU16(frame, offset + 6)
      if (getU16(frame, offset + 4) !== id || series.isOver(sequence) === undefined) return
      statistics.errors += 1
      log.warning(`from ${format(reporter)}: ${kind}, sequence ${sequence}`)
    })
  }
}
