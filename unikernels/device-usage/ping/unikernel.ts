/** Sends ICMP echo requests and tells how long the answers take: RFC 792. */
import { type Ipv4, format } from '@mirage/address/ipv4'
import { type Values, integer, ipv4, optional } from '@mirage/argument'
import { type Clock, type Millis, sleep } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import { type Random, below } from '@mirage/random'
import { type Result, done, err } from '@mirage/result'
import type { Stack } from '@mirage/stack'

const log = source('ping')

/** Between two requests. An answer that takes longer counts as lost. */
const INTERVAL: Millis = 1000
const PAYLOAD = new Uint8Array(56)

export const args = {
  target: optional(ipv4({ doc: 'Whom to ping; the gateway unless told.' })),
  count: integer({ doc: 'How many times.', default: 4, min: 1, max: 65_535 }),
}

interface Devices {
  readonly clock: Clock
  readonly random: Random
  readonly stack: Stack
}

export async function start(
  { clock, random, stack }: Devices,
  { target, count }: Values<typeof args>,
): Promise<Result<void, string>> {
  const dst: Ipv4 | undefined = target ?? stack.ip.config.gateway
  if (dst === undefined) return err('there is no gateway to ping: say --target')
  const id = below(random, 0x1_0000)
  const sent = new Map<number, Millis>()
  let received = 0
  stack.icmp.onReply(({ src, id: to, sequence, payload }) => {
    const since = sent.get(sequence)
    if (to !== id || since === undefined) return
    sent.delete(sequence)
    received++
    const elapsed = (clock.now() - since).toFixed(3)
    log.info(`${payload.length} bytes from ${format(src)}: sequence ${sequence}, time ${elapsed} ms`)
  })
  for (let sequence = 1; sequence <= count; sequence++) {
    sent.set(sequence, clock.now())
    const written = stack.icmp.echo(dst, { id, sequence, payload: PAYLOAD })
    if (!written.ok) log.warning(`sequence ${sequence} was not sent: ${written.error}`)
    await sleep(clock, INTERVAL)
    if (sent.delete(sequence)) log.warning(`no answer to sequence ${sequence}`)
  }
  log.info(`${count} sent, ${received} received`)
  return received > 0 ? done : err(`${format(dst)} does not answer`)
}
