/** A gateway in front of a host in memory, and a unikernel's stack on the other end of the cable: for tests. */
import * as ipv4 from '@mirage/address/ipv4'
import type { Endpoint } from '@mirage/address/endpoint'
import * as arpOf from '@mirage/arp'
import { type ManualClock, manual } from '@mirage/clock/manual'
import * as ethernetOf from '@mirage/ethernet'
import * as icmpOf from '@mirage/icmp'
import type { Icmp } from '@mirage/icmp'
import type { Ip } from '@mirage/ip'
import { connect as connectIp } from '@mirage/ip/ipv4'
import type { Net } from '@mirage/net'
import { pair } from '@mirage/net/pair'
import { seeded } from '@mirage/random/seeded'
import { connect as connectTcp } from '@mirage/tcp/connect'
import type { Tcp } from '@mirage/tcp'
import * as udpOf from '@mirage/udp'
import type { Udp } from '@mirage/udp'
import { type Gateway, connect } from '../gateway.ts'
import { MemoryHost } from '../memory.ts'

export const GATEWAY: ipv4.Ipv4 = ipv4.of(10, 0, 0, 1)
export const GUEST: ipv4.Ipv4 = ipv4.of(10, 0, 0, 2)
/** A server somewhere outside. */
export const OUTSIDE: Endpoint<ipv4.Ipv4> = { address: ipv4.of(192, 0, 2, 7), port: 80 }

export interface Rig {
  /** The unikernel's end of the cable. */
  readonly net: Net
  readonly clock: ManualClock
  readonly host: MemoryHost
  readonly gateway: Gateway
  readonly guest: { readonly ip: Ip; readonly icmp: Icmp; readonly udp: Udp; readonly tcp: Tcp }
  /** Gives the unikernel its address, which announces it. */
  readonly boot: (address?: ipv4.Ipv4) => void
  /** Loses what is on the cable. */
  readonly lose: () => void
  /** Lets `duration` pass, with everything that is done in between. */
  readonly pass: (duration: number) => Promise<void>
  /** Lets time pass until `work` is done, at most `limit`: a minute unless told. */
  readonly run: <T>(work: Promise<T>, limit?: number) => Promise<T>
}

/** The unikernel is up, unless told otherwise. */
export function rig({ isUp = true }: { isUp?: boolean } = {}): Rig {
  const clock = manual()
  const cable = pair({ clock })
  const host = new MemoryHost()
  const gateway = connect({ net: cable.a, host, clock, random: seeded(1) })

  const random = seeded(2)
  const ethernet = ethernetOf.connect(cable.b)
  const arp = arpOf.connect({ ethernet, clock })
  const ip = connectIp({ ethernet, arp, clock, random })
  const icmp = icmpOf.connect({ ip, clock, random })
  const udp = udpOf.connect({ ip, icmp, random })
  const tcp = connectTcp({ ip, clock, random })

  const boot = (address: ipv4.Ipv4 = GUEST): void =>
    ip.configure({ cidr: { address, prefixLength: 24 }, gateway: GATEWAY })
  /** To the next deadline, at most to `end`. */
  const step = async (end: number): Promise<void> => {
    clock.advance(Math.max(0, Math.min(end, clock.deadline ?? end) - clock.now()))
    await idle()
  }
  const pass = async (duration: number): Promise<void> => {
    const end = clock.now() + duration
    await idle()
    while (clock.now() < end) await step(end)
  }
  const run = async <T>(work: Promise<T>, limit = 60_000): Promise<T> => {
    const progress = { isDone: false }
    const watched = work.finally(() => (progress.isDone = true))
    const end = clock.now() + limit
    await idle()
    while (!progress.isDone && clock.now() < end) await step(end)
    if (!progress.isDone) throw new Error(`not done after ${limit} ms`)
    return watched
  }
  if (isUp) {
    boot()
    clock.advance(1)
  }
  const lose = (): void => void cable.drop()
  return { net: cable.b, clock, host, gateway, guest: { ip, icmp, udp, tcp }, boot, lose, pass, run }
}

/** Everything that promises do without time passing has been done. */
async function idle(): Promise<void> {
  for (let i = 0; i < 30; i += 1) await Promise.resolve()
}
