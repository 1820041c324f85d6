/** A measurement in lines of text. */
import type { Counted } from './meter.ts'

export type Direction = 'sent' | 'received'

/** Its columns. */
export function heading(protocol: 'tcp' | 'udp', direction: Direction): string {
  const columns = '[ ID] Interval           Transfer     Bitrate'
  if (protocol === 'tcp') return columns
  return `${columns}         ${direction === 'sent' ? 'Total Datagrams' : 'Jitter    Lost/Total Datagrams'}`
}

/** What was counted from `start` to `end`, in seconds; `id` is a stream's, or `SUM`. */
export function line(
  id: number | 'SUM',
  start: number,
  end: number,
  counted: Counted,
  protocol: 'tcp' | 'udp',
  direction: Direction,
): string {
  const span = `${start.toFixed(2)}-${end.toFixed(2)}`.padStart(11).padEnd(13)
  const seconds = end - start
  const rate = seconds > 0 ? (counted.bytes * 8) / seconds : 0
  const columns = `[${String(id).padStart(3)}] ${span} sec  ${amount(counted.bytes)}  ${bitrate(rate)}`
  if (protocol === 'tcp') return columns
  if (direction === 'sent') return `${columns}  ${counted.packets}`
  const share = counted.packets === 0 ? 0 : (counted.lost / counted.packets) * 100
  const lost = `${counted.lost}/${counted.packets} (${Number(share.toPrecision(2))}%)`
  return `${columns}  ${(counted.jitter * 1000).toFixed(3)} ms  ${lost}`
}

/** Bytes, in powers of 1024. */
export function amount(bytes: number): string {
  return `${scaled(bytes, 1024)}Bytes`
}

/** Bits a second, in powers of 1000. */
export function bitrate(bits: number): string {
  return `${scaled(bits, 1000)}bits/sec`
}

const PREFIXES = [' ', ' K', ' M', ' G', ' T'] as const

/** Three digits, and what to multiply them by. */
function scaled(value: number, step: number): string {
  let power = 0
  let left = value
  while (left >= step && power < PREFIXES.length - 1) {
    left /= step
    power += 1
  }
  const digits = left < 9.995 ? 2 : left < 99.95 ? 1 : 0
  return `${left.toFixed(digits).padStart(4)}${PREFIXES[power]}`
}
