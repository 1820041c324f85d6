/**
 * The host's network as a stack: `mirage configure --net host`. Its sockets are behind TCP and UDP; below them there is
 * nothing to send packets with, so that an echo, say, is refused as on a device that is disconnected.
 */
import * as mac from '@mirage/address/mac'
import type { Clock } from '@mirage/clock'
import type { Net } from '@mirage/net'
import type { Random } from '@mirage/random'
import { type Result, err, ok } from '@mirage/result'
import { type Stack, connect as connectStack } from '@mirage/stack'
import { hostCidr } from './socket-address.ts'
import * as socketTcp from './socket-tcp.ts'
import * as socketUdp from './socket-udp.ts'

/** What the layers below sockets run on. */
export interface Needs {
  readonly clock: Clock
  readonly random: Random
}

/** A stack on the host's sockets, with the host's addresses. */
export async function connect({ clock, random }: Needs): Promise<Result<Stack, string>> {
  const cidr = hostCidr()
  const below = connectStack({ net: nowhere(), clock, random }, { cidr })
  const [tcp, udp] = [socketTcp.connect(), socketUdp.connect(cidr.address, below.udp.drops)]
  const disconnect = (): void => {
    tcp.disconnect()
    udp.disconnect()
    below.disconnect()
  }
  return ok({ ...below, tcp, udp, disconnect })
}

/** A device that carries nothing. */
function nowhere(): Net {
  return {
    mac: mac.local(0),
    mtu: 1500,
    counters: { rxFrames: 0, rxBytes: 0, txFrames: 0, txBytes: 0 },
    write: () => err('disconnected'),
    listen() {},
    resetCounters() {},
    disconnect() {},
  }
}
