/** What an application is given to talk to the network: Ethernet to TCP on one device. */
import type { IpAddress } from '@mirage/address/ip'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import * as mac from '@mirage/address/mac'
import type { Arp } from '@mirage/arp'
import type { Clock, Millis } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import type { Lease } from '@mirage/dhcp/lease'
import type { Icmp } from '@mirage/icmp'
import type { Config, Ipv4Layer, Ipv6Event, Ipv6Layer } from '@mirage/ip'
import type { Options as Ipv6Options } from '@mirage/ip/ipv6'
import type { Metric } from '@mirage/metrics'
import { assert } from '@mirage/result'
import type { Tcp } from '@mirage/tcp'
import * as tcp from '@mirage/tcp/connect'
import type { Udp } from '@mirage/udp'
import * as layers from './layers.ts'
import type { Needs } from './layers.ts'
import { collect } from './metrics.ts'
import { Lessee, type Options as LesseeOptions } from './lessee.ts'

export type { Needs } from './layers.ts'

/** The network, by protocol. */
export interface Stack {
  readonly tcp: Tcp
  readonly udp: Udp
  readonly icmp: Icmp<IpAddress>
  /** Its IPv4 interface, which has no address where only IPv6 is spoken. */
  readonly ip: Ipv4Layer
  /** Its IPv6 interface; absent where only IPv4 is spoken. */
  readonly ipv6?: Ipv6Layer
  /**
   * What a DHCP server told of the network (name servers, time servers, domains), as long as the lease lasts: nothing
   * where the address is fixed.
   */
  readonly lease: Lease | undefined
  /** Tells `notify` of every lease from now on, renewals included, and of its end. Several may ask. */
  onLease(notify: (lease: Lease | undefined) => void): void
  /** What its device carried, what TCP did, and what every layer dropped, at this time. */
  metrics(): readonly Metric[]
  /** Ends every connection and stops the device. Disconnecting twice is the same as once. */
  disconnect(): void
}

const log = source('stack')

/**
 * A stack with a fixed address, on a device whose listener it becomes. It speaks IPv6 too if it is told how, and IPv6
 * alone without a `config`: then it has addresses after a second or two.
 */
export function connect(needs: Needs, config: Config | undefined, options?: Ipv6Options): Stack {
  const { stack, arp } = compose(needs, options)
  if (config === undefined) return stack
  const warn = seldom(needs.clock)
  arp.onConflict((address, other) =>
    warn(() => `${mac.format(other)} claims our address ${ipv4.format(address)}`),
  )
  stack.ip.configure(config)
  tell(stack.ip)
  return stack
}

/** How a lease is asked for. */
export interface DhcpOptions extends Omit<LesseeOptions, 'mac'> {
  /** How IPv6 is spoken beside; not at all unless told. */
  readonly ipv6?: Ipv6Options
}

/**
 * A stack with an address that a DHCP server leases, for as long as the stack lives. Resolves with the first lease,
 * and waits for it for ever.
 */
export function connectDhcp(needs: Needs, options: DhcpOptions = {}): Promise<Stack> {
  const { stack, arp, setLease, atEnd } = compose(needs, options.ipv6)
  return new Promise((resolve) => {
    const changed = (lease: Lease | undefined, isNew: boolean): void => {
      if (isNew) tell(stack.ip)
      setLease(lease)
      if (isNew) resolve(stack)
    }
    const lessee = new Lessee({ ...stack, ...needs, arp }, { ...options, mac: needs.net.mac }, changed)
    atEnd(() => lessee.disconnect())
  })
}

/**
 * A stack of IPv6 alone, connected once it has an address that reaches beyond the link, fixed or of a router's prefix:
 * it waits for that for ever.
 */
export function connectIpv6(needs: Needs, options: Ipv6Options): Promise<Stack> {
  const stack = connect(needs, undefined, options)
  const { ipv6: ip } = stack
  assert(ip !== undefined, 'it was told how to speak IPv6')
  const hasAddress = (): boolean => ip.addresses.some(({ address }) => !ipv6.isLinkLocal(address))
  return new Promise((resolve) => {
    ip.onEvent(() => {
      if (hasAddress()) resolve(stack)
    })
    if (hasAddress()) resolve(stack)
  })
}

interface Composed {
  readonly stack: Stack
  readonly arp: Arp
  readonly setLease: (lease: Lease | undefined) => void
  /** `end` runs when the stack is disconnected, after its connections were ended and before its device is. */
  readonly atEnd: (end: () => void) => void
}

function compose(needs: Needs, options: Ipv6Options | undefined): Composed {
  const { arp, drops, both, ipv6: six, ...below } = layers.connect(needs, options)
  const warn = seldom(needs.clock)
  six?.onEvent((event) => tellEvent(event, warn))
  const transport = tcp.connect({ ...below, ...needs, ip: both })
  const ips = six === undefined ? [below.ip] : [below.ip, six]
  let lease: Lease | undefined
  const notifies: ((lease: Lease | undefined) => void)[] = []
  const ends = [
    (): void => transport.disconnect(),
    (): void => arp.disconnect(),
    (): void => below.ip.disconnect(),
    (): void => six?.disconnect(),
    (): void => needs.net.disconnect(),
  ]
  const stack: Stack = {
    ...below,
    ...(six === undefined ? {} : { ipv6: six }),
    tcp: transport,
    get lease() {
      return lease
    },
    onLease: (notify) => void notifies.push(notify),
    metrics: () => collect(needs.net, ips, drops, transport),
    disconnect(): void {
      for (const end of ends.splice(0)) end()
    },
  }
  const setLease = (now: Lease | undefined): void => {
    lease = now
    for (const notify of notifies) notify(now)
  }
  return { stack, arp, setLease, atEnd: (end) => void ends.splice(1, 0, end) }
}

function tell({ config: { cidr, gateway } }: Ipv4Layer): void {
  log.info(
    () =>
      `address ${ipv4.formatCidr(cidr)}${gateway === undefined ? '' : `, gateway ${ipv4.format(gateway)}`}`,
  )
}

/** Between two warnings that somebody claims an address of ours: whoever does it may do it all the time. */
const WARNING_INTERVAL: Millis = 10_000

/** Warns no more often than that. */
function seldom(clock: Clock): (what: () => string) => void {
  let next = -Infinity
  return (what) => {
    const now = clock.now()
    if (now < next) return
    next = now + WARNING_INTERVAL
    log.warning(what)
  }
}

function tellEvent(event: Ipv6Event, warn: (what: () => string) => void): void {
  switch (event.kind) {
    case 'assigned':
      return log.info(() => `address ${ipv6.formatCidr(event.cidr)}`)
    case 'duplicate':
      return log.warning(() => `somebody else has our address ${ipv6.format(event.cidr.address)}`)
    case 'expired':
      return log.warning(() => `the time of our address ${ipv6.format(event.cidr.address)} is over`)
    case 'conflict':
      return warn(() => `somebody else claims our address ${ipv6.format(event.address)}`)
    case 'router':
      return log.debug(() => `a router, or none any more: ${ipv6.format(event.address)}`)
  }
}
