/** What a test prints: its columns, a row for each stream and time, and in the end what both ends have counted. */
import type { Counted, Meter } from './meter.ts'
import type { StreamResult } from './protocol.ts'
import * as report from './report.ts'

export class Table {
  readonly #print: (line: string) => void
  readonly #transport: 'tcp' | 'udp'
  readonly #meters: readonly Meter[]

  /** Of the streams that `meters` count. */
  constructor(print: (line: string) => void, transport: 'tcp' | 'udp', meters: readonly Meter[]) {
    this.#print = print
    this.#transport = transport
    this.#meters = meters
  }

  heading(): void {
    this.#print(report.heading(this.#transport, this.#direction))
  }

  /** What each stream has counted from `start` to `end`, in seconds, and all of them. */
  rows(start: number, end: number, count: (meter: Meter) => Counted): void {
    const all = this.#meters.map(count)
    for (const [index, { id, isSender }] of this.#meters.entries())
      this.#row(id, start, end, all[index]!, isSender ? 'sent' : 'received')
    if (all.length > 1) this.#row('SUM', start, end, sum(all), this.#direction)
  }

  /** What both ends have counted in all, of `seconds` unless the other says otherwise. */
  totals(theirs: readonly StreamResult[], seconds: number): void {
    this.#print('- - - - - - - - - - - - - - - - - - - - - - - - -')
    this.rows(0, seconds, (meter) => meter.total)
    const direction = this.#direction === 'sent' ? 'received' : 'sent'
    for (const { id, seconds: their, bytes, packets, errors: lost, jitter } of theirs)
      this.#row(id, 0, their || seconds, { bytes, packets, lost, jitter }, direction)
  }

  #row(id: number | 'SUM', start: number, end: number, counted: Counted, direction: report.Direction): void {
    this.#print(`${report.line(id, start, end, counted, this.#transport, direction)}  ${direction}`)
  }

  get #direction(): report.Direction {
    return this.#meters[0]?.isSender === true ? 'sent' : 'received'
  }
}

function sum(all: readonly Counted[]): Counted {
  const total = { bytes: 0, packets: 0, lost: 0, jitter: 0 }
  for (const { bytes, packets, lost, jitter } of all) {
    total.bytes += bytes
    total.packets += packets
    total.lost += lost
    total.jitter += jitter / all.length
  }
  return total
}
