/** Names for the unikernel: its queries are put to the name servers that the host uses. */
import type { Datagram, Udp } from '@mirage/udp'
import type { Counters } from './counters.ts'
import type { Host } from './host.ts'

export const DNS_PORT = 53
/** Queries that wait for an answer. Further ones are lost, and will be asked again. */
const QUERIES_MAX = 256
/** The header of a message: RFC 1035 §4.1.1. */
const HEADER_SIZE = 12

interface Needs {
  readonly udp: Udp
  readonly host: Host
  readonly counters: Counters
}

export class Dns {
  readonly #needs: Needs
  #waiting = 0

  constructor(needs: Needs) {
    this.#needs = needs
  }

  /** Answers a datagram to port 53. A host without name servers answers that it failed, rather than nothing. */
  async input({ src, dst, payload }: Datagram): Promise<void> {
    const { udp, host, counters } = this.#needs
    if (payload.length < HEADER_SIZE || this.#waiting >= QUERIES_MAX) {
      counters.dnsFailed += 1
      return
    }
    counters.dnsQueries += 1
    this.#waiting += 1
    const answer = await host.resolve(payload)
    this.#waiting -= 1
    if (!answer.ok) counters.dnsFailed += 1
    if (!answer.ok && answer.error === 'timed-out') return
    udp.write(src, answer.ok ? answer.value : serverFailure(payload), { srcPort: dst.port, src: dst.address })
  }
}

/** The query as an answer: QR and RA set, response code 2 (RFC 1035 §4.1.1). */
function serverFailure(query: Uint8Array): Uint8Array {
  const answer = query.slice()
  answer[2] = query[2]! | 0x80
  answer[3] = 0x82
  return answer
}
