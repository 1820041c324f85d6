/** Links, hosts and routers for tests, on virtual time. */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import * as ip from '@mirage/address/ip'
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import { setU16, setU32 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import type { Net } from '@mirage/net'
import type { DeliveryError } from '@mirage/ip/errors'
import { ICMP, type Ip, TCP, UDP } from '@mirage/ip'
import { type Simulation, simulate } from '@mirage/simulation'
import { type Stack, connect } from '@mirage/stack'
import { type Switch, vnetif } from '@mirage/vnetif'
import { ipv4 as address, ipv4Cidr as cidr } from '../../../address/src/testing/literals.ts'

export { address, cidr }

export class World {
  readonly simulation: Simulation = simulate(1, setImmediate)
  readonly #links = new Map<string, Switch>()

  /** A stack on the link of this name, and its device. */
  host(link: string, at: string, gateway?: string, mtu = 1500): Stack & { readonly net: Net } {
    const { simulation } = this
    const random = simulation.random(`${link} ${at}`)
    let lan = this.#links.get(link)
    if (lan === undefined) this.#links.set(link, (lan = vnetif({ clock: simulation.clock(link), random })))
    const net = lan.connect({ mtu })
    const config = { cidr: cidr(at), ...(gateway === undefined ? {} : { gateway: address(gateway) }) }
    return Object.assign(connect({ net, clock: simulation.clock(at), random }, config), { net })
  }

  pass(duration: number): Promise<void> {
    return this.simulation.pass(duration)
  }

  /** The text that arrives at a listener of `to` when `from` connects, says `text`, and listens; both ways. */
  async converse(
    from: Stack,
    to: Stack,
    text: Uint8Array,
    dst: Ipv4 = to.ip.config.cidr.address,
  ): Promise<Uint8Array> {
    to.tcp.listen(80, (flow) => {
      void (async () => {
        for (;;) {
          const read = await flow.read()
          if (!read.ok || read.value === 'eof') return flow.close()
          await flow.write(read.value)
        }
      })()
    })
    const work = (async () => {
      const connection = await from.tcp.connect({ address: dst, port: 80 })
      assert.ok(connection.ok, `not connected: ${connection.ok || connection.error}`)
      const flow = connection.value
      void flow.write(text).then(() => flow.shutdown())
      const parts: Uint8Array[] = []
      for (;;) {
        const read = await flow.read()
        assert.ok(read.ok, `not read: ${read.ok || read.error}`)
        if (read.value === 'eof') break
        parts.push(read.value)
      }
      flow.close()
      return new Uint8Array(Buffer.concat(parts))
    })()
    const answer = await this.simulation.run(work)
    to.tcp.unlisten(80)
    return answer
  }
}

/** The replies that `stack` gets, as they come. */
export function replies(stack: Stack): { src: string; sequence: number; length: number }[] {
  const list: { src: string; sequence: number; length: number }[] = []
  stack.icmp.onReply(({ src, sequence, payload }) => {
    list.push({ src: ip.format(src), sequence, length: payload.length })
  })
  return list
}

/** The errors that `stack` is told, as they come. */
export function reports(stack: Stack): string[] {
  const list: string[] = []
  for (const protocol of [ICMP, UDP]) {
    stack.icmp.onError(protocol, (error: DeliveryError) => {
      const from = ipv4.format(error.reporter as Ipv4)
      const about = ipv4.format(error.dst as Ipv4)
      list.push(`${from}: ${error.kind}${error.kind === 'too-big' ? ` ${error.mtu}` : ''} about ${about}`)
    })
  }
  return list
}

/** Where a segment says that it comes from and goes to. */
export interface Forged<Address extends ip.IpAddress = Ipv4> {
  readonly src: Address
  readonly dst: Address
  readonly srcPort: number
  readonly dstPort: number
}

export const SYN = 2
export const ACK = 16

/** Has `from`, the IP of a host, send a segment without text, in anybody's name. */
export function forge<Address extends ip.IpAddress>(
  from: Ip<Address>,
  { src, dst, srcPort, dstPort }: Forged<Address>,
  flags: number,
  seq: number = 1,
  ack: number = 0,
): void {
  const sent = from.write(dst, TCP, { size: 20, src }, (segment) => {
    setU16(segment, 0, srcPort)
    setU16(segment, 2, dstPort)
    setU32(segment, 4, seq)
    setU32(segment, 8, ack)
    segment.set([0x50, flags, 0xff, 0xff], 12)
    setU16(segment, 16, checksum.of(segment, 0, 20, checksum.pseudo(src, dst, TCP, 20)))
    return 20
  })
  assert.ok(sent.ok)
}
