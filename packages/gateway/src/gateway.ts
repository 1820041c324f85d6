/**
 * A gateway between a unikernel's Ethernet and the sockets of its host: a network without privileges.
 *
 *      unikernel ── Net ── ethernet ─┬─ arp
 *      10.0.0.2                      └─ ip ─┬─ icmp   echo, for the gateway's own address
 *                                           ├─ udp  ─┬─ 67  leases
 *                                           │        ├─ 53  the host's name servers
 *                                           │        └─ *   the host's UDP sockets
 *                                           └─ tcp  ─── *   the host's connections, both ways
 *
 * It is our own stack, which takes packets to every address for its own. To the unikernel the host is the
 * gateway's address, 10.0.0.1: connections to it reach the host's loopback, and those to published ports come
 * from it.
 */
import * as ipv4 from '@mirage/address/ipv4'
import type { Cidr, Ipv4 } from '@mirage/address/ipv4'
import * as arpOf from '@mirage/arp'
import type { Clock } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import type { Config as DhcpConfig } from '@mirage/dhcp/server'
import { SERVER_PORT as DHCP_PORT } from '@mirage/dhcp/wire'
import * as ethernetOf from '@mirage/ethernet'
import * as ipOf from '@mirage/ip/ipv4'
import type { Net } from '@mirage/net'
import type { Random } from '@mirage/random'
import { type Result, assert, err, ok } from '@mirage/result'
import * as tcpOf from '@mirage/tcp/connect'
import * as udpOf from '@mirage/udp'
import type { Datagram } from '@mirage/udp'
import * as counters from './counters.ts'
import type { Counters } from './counters.ts'
import { DNS_PORT, Dns } from './dns.ts'
import * as echo from './echo.ts'
import { Flows } from './flows.ts'
import { Guest } from './guest.ts'
import type { BindError, Host, Listener, UdpSocket } from './host.ts'
import { Leases } from './leases.ts'
import { TcpIn } from './tcp-in.ts'
import * as tcpOut from './tcp-out.ts'
import { UdpIn } from './udp-in.ts'
import { UdpOut } from './udp-out.ts'

/** What a gateway is made on. It becomes the listener of `net`. */
export interface Devices {
  readonly net: Net
  readonly host: Host
  readonly clock: Clock
  readonly random: Random
}

/** What a gateway can be told. */
export interface Options {
  /** The gateway's own address on the link; 10.0.0.1/24 unless told. The network has room for others. */
  readonly cidr?: Cidr
}

/** A port of the host that leads to a port of the unikernel. */
export interface Publish {
  readonly protocol: 'tcp' | 'udp'
  /** 127.0.0.1 is for this machine alone, 0.0.0.0 for everybody who can reach it. */
  readonly hostAddress: Ipv4
  /** 0 for one that the host chooses. */
  readonly hostPort: number
  readonly guestPort: number
}

/** A gateway that runs. */
export interface Gateway {
  readonly cidr: Cidr
  readonly counters: Readonly<Counters>
  /** How many connections and UDP sockets it holds at the moment. */
  readonly inUse: { readonly flows: number; readonly sockets: number; readonly clients: number }
  /** The unikernel's address, once it has said so. */
  readonly guest: Ipv4 | undefined
  /** Resolves with the unikernel's address: when it has a lease, or makes itself known otherwise. */
  up(): Promise<Ipv4>

  /** Publishes a port until `disconnect`, or until the listener is closed. */
  publish(publish: Publish): Promise<Result<Listener, BindError>>

  /** Resets every connection, gives back all of the host's ports and stops the device. Twice is the same as once. */
  disconnect(): void
}

/** The network of a gateway that is not told another. */
export const CIDR: Cidr = { address: ipv4.of(10, 0, 0, 1), prefixLength: 24 }
/** A day: the gateway ends with its unikernel, so addresses are in no hurry. */
const LEASE_TIME = 86_400
const POOL_COUNT_MAX = 253

/** Connects a gateway to the unikernel at the other end of `net`. A network without room for two hosts is a bug and throws. */
export function connect(devices: Devices, { cidr = CIDR }: Options = {}): Gateway {
  return new UserNetwork(devices, cidr)
}

class UserNetwork implements Gateway {
  readonly cidr: Cidr
  readonly counters: Counters = counters.create()
  readonly #host: Host
  readonly #guest: Guest
  readonly #flows: Flows = new Flows()
  readonly #tcpIn: ConstructorParameters<typeof TcpIn>[0]
  readonly #udpOut: UdpOut
  readonly #udpIn: UdpIn
  readonly #listeners: Set<Listener> = new Set()
  readonly #stop: () => void
  #isConnected = true

  constructor({ net, host, clock, random }: Devices, cidr: Cidr) {
    assert(cidr.prefixLength <= 30, 'the network of a gateway has room for a unikernel')
    this.cidr = cidr
    this.#host = host
    this.#guest = new Guest(cidr)
    const ethernet = ethernetOf.connect(this.#guest.observe(net))
    const arp = arpOf.connect({ ethernet, clock })
    const ip = ipOf.connect({ ethernet, arp, clock, random }, { config: { cidr }, isPromiscuous: true })
    echo.connect(ip, clock, random)
    const udp = udpOf.connect({ ip, random })
    const tcp = tcpOf.connect({ ip, clock, random })

    const log = source('gateway')
    const shared = { udp, host, clock, cidr, counters: this.counters, guest: this.#guest }
    this.#udpOut = new UdpOut(shared)
    this.#udpIn = new UdpIn(shared)
    this.#tcpIn = { tcp, guest: this.#guest, flows: this.#flows, clock, counters: this.counters, log }
    const dns = new Dns(shared)
    const config = leasesOf(cidr)
    const leases = new Leases(shared, config)
    this.#guest.find = () => void arp.query(firstOf(cidr))
    udp.listen(DNS_PORT, (datagram) => void dns.input(datagram))
    udp.listen(DHCP_PORT, ({ payload }) => leases.input(payload))
    udp.forward((datagram) => this.#forward(datagram))
    tcp.forward((request) => {
      void tcpOut.output(request, { host, flows: this.#flows, counters: this.counters, cidr, log })
    })
    this.#stop = () => {
      tcp.disconnect()
      arp.disconnect()
      ip.disconnect()
      net.disconnect()
    }
  }

  #forward(datagram: Datagram): void {
    if (!this.#isConnected || this.#udpIn.output(datagram)) return
    this.#udpOut.output(datagram)
  }

  get inUse(): Gateway['inUse'] {
    return { flows: this.#flows.count, sockets: this.#udpOut.count, clients: this.#udpIn.count }
  }

  get guest(): Ipv4 | undefined {
    return this.#guest.address
  }

  up(): Promise<Ipv4> {
    return new Promise((resolve) => {
      this.#guest.onUp(resolve)
    })
  }

  async publish({
    protocol,
    hostAddress,
    hostPort,
    guestPort,
  }: Publish): Promise<Result<Listener, BindError>> {
    const local = { address: hostAddress, port: hostPort }
    const bound = await (protocol === 'tcp' ? this.#listen(local, guestPort) : this.#bind(local, guestPort))
    if (!bound.ok) return err(bound.error)
    if (this.#isConnected) this.#listeners.add(bound.value)
    else bound.value.close()
    return ok(bound.value)
  }

  #listen(local: Listener['local'], guestPort: number): Promise<Result<Listener, BindError>> {
    const tcpIn = new TcpIn(this.#tcpIn, guestPort)
    return this.#host.listen(local, (flow) => void tcpIn.input(flow))
  }

  async #bind(local: Listener['local'], guestPort: number): Promise<Result<Listener, BindError>> {
    let socket: UdpSocket | undefined
    const bound = await this.#host.bindUdp(local, (datagram) => {
      if (socket !== undefined && this.#isConnected) this.#udpIn.input(socket, datagram, guestPort)
    })
    if (bound.ok) socket = bound.value
    return bound
  }

  disconnect(): void {
    if (!this.#isConnected) return
    this.#isConnected = false
    for (const listener of this.#listeners) listener.close()
    this.#flows.close()
    this.#udpOut.close()
    this.#udpIn.close()
    this.#stop()
  }
}

/** The address that is leased first: 10.0.0.2 in the network of a gateway that is not told another. */
function firstOf(cidr: Cidr): Ipv4 {
  const first = (ipv4.network(cidr) + 1) as Ipv4
  return first === cidr.address ? ((first + 1) as Ipv4) : first
}

/** Everything in the network but the gateway itself. */
function leasesOf(cidr: Cidr): DhcpConfig {
  const first = (ipv4.network(cidr) + 1) as Ipv4
  const last = Math.min(ipv4.broadcastOf(cidr) - 1, first + POOL_COUNT_MAX) as Ipv4
  return {
    cidr,
    ranges: [{ first, last }],
    gateway: cidr.address,
    dnsServers: [cidr.address],
    leaseTime: LEASE_TIME,
  }
}
