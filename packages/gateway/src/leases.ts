/** Addresses for the unikernel: the DHCP server of the gateway, on UDP. */
import type { Clock } from '@mirage/clock'
import { type Config, type Server, createServer } from '@mirage/dhcp/server'
import * as wire from '@mirage/dhcp/wire'
import type { Udp } from '@mirage/udp'
import type { Counters } from './counters.ts'

interface Needs {
  readonly udp: Udp
  readonly clock: Clock
  readonly counters: Counters
}

export class Leases {
  readonly #needs: Needs
  readonly #server: Server

  constructor(needs: Needs, config: Config) {
    this.#needs = needs
    this.#server = createServer(config)
  }

  /** Answers the payload of a datagram to port 67. */
  input(payload: Uint8Array): void {
    const { udp, clock, counters } = this.#needs
    const message = wire.parse(payload)
    if (!message.ok) {
      counters.dhcpMalformed += 1
      return
    }
    const output = this.#server.input(message.value, clock.now())
    if (!('reply' in output)) return
    const { reply } = output
    counters.dhcpReplies += 1
    udp.write({ address: reply.dst, port: reply.dstPort }, wire.emit(reply.message), {
      srcPort: wire.SERVER_PORT,
    })
  }
}
