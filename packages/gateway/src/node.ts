/** A gateway in a process of Node: the network of a unikernel that is run without privileges. */
import type { Duplex } from 'node:stream'
import * as endpoint from '@mirage/address/endpoint'
import type { Endpoint } from '@mirage/address/endpoint'
import * as ip from '@mirage/address/ip'
import * as ipv4 from '@mirage/address/ipv4'
import type { Cidr, Ipv4 } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import { type Tap, captured, mirrored } from '@mirage/net/capture'
import { connect as connectStream } from '@mirage/net/stream'
import { type Result, err, ok } from '@mirage/result'
import { CIDR, type Gateway, type Publish, connect } from './gateway.ts'
import type { BindError, Host } from './host.ts'
import { nodeClock, nodeRandom } from './node-clock.ts'
import { nodeHost } from './node-host.ts'
import { DuplexStream } from './node-stream.ts'

/** What a gateway in this process can be told. */
export interface Options {
  /**
   * The other end of the unikernel's Ethernet: frames, each after its length of 4 bytes, most significant
   * first. May come later, by `attach`.
   */
  readonly stream?: Duplex
  readonly publish?: readonly PublishOptions[]
  /** The gateway's own address; 10.0.0.1/24 unless told. Its MAC address is 02:50 and these four bytes. */
  readonly cidr?: Cidr
  /** The most bytes of payload in a frame: the same at both ends. `MTU` unless told. */
  readonly mtu?: number
  /** Records the unikernel's Ethernet: what it sends and what it receives. */
  readonly tap?: Tap
  readonly host?: Host
}

/** A port of the host that is to lead to one of the unikernel. */
export interface PublishOptions {
  /** `tcp` unless told. */
  readonly protocol?: Publish['protocol']
  /** 127.0.0.1 unless told: only this machine is let in. */
  readonly hostAddress?: Ipv4
  readonly hostPort: number
  readonly guestPort: number
}

/** A port of the host that leads to one of the unikernel. */
export interface Published extends Publish {
  /** Where a browser of this machine finds a TCP port that speaks HTTP: `http://127.0.0.1:8080/`. */
  readonly url: string
}

/** The port that the host did not give us, and why. None is held then. */
export interface StartError {
  readonly kind: BindError
  readonly protocol: Publish['protocol']
  readonly hostAddress: Ipv4
  readonly port: number
}

/** A gateway in this process, which holds the ports that it was told to publish. */
export interface RunningGateway {
  readonly gateway: Gateway
  /** In the order of the options, with the port that the host chose where that was 0. */
  readonly published: readonly Published[]
  /** Resolves with the unikernel's address, once it has one. */
  readonly ready: Promise<Ipv4>
  /** Resolves when the stream has ended, which disconnects the gateway, or after `close`. */
  readonly closed: Promise<void>
  /** Joins the unikernel's Ethernet, once. Until then, connections to published ports wait. */
  attach(stream: Duplex): void
  /** Gives back every port and socket, and ends the stream. Twice is the same as once. */
  close(): void
}

/**
 * What a frame carries when nobody tells otherwise. It is Ethernet's own, so that a unikernel sees here what it
 * would see elsewhere.
 */
export const MTU = 1500

/** Takes the host's ports first, so that one that is busy is known before anything else is begun. */
export async function startGateway(options: Options): Promise<Result<RunningGateway, StartError>> {
  const { stream, publish = [], cidr = CIDR, mtu = MTU, tap, host = nodeHost() } = options
  const bytes = new DuplexStream()
  const link = connectStream(bytes, { mac: mac.local(cidr.address), mtu })
  const net = tap === undefined ? link : captured(link, mirrored(tap))
  const devices = { net, host, clock: nodeClock(), random: nodeRandom }
  const gateway = connect(devices, { cidr })

  const published: Published[] = []
  for (const each of publish) {
    const wanted = { protocol: 'tcp', hostAddress: ipv4.LOOPBACK, ...each } as const
    const listener = await gateway.publish(wanted)
    if (!listener.ok) {
      gateway.disconnect()
      const { protocol, hostAddress, hostPort } = wanted
      return err({ kind: listener.error, protocol, hostAddress, port: hostPort })
    }
    const { local } = listener.value
    published.push({ ...wanted, hostPort: local.port, url: urlOf(local) })
  }

  let hasClosed: () => void
  const closed = new Promise<void>((resolve) => {
    hasClosed = resolve
  })
  const close = (): void => {
    gateway.disconnect()
    hasClosed()
  }
  const attach = (duplex: Duplex): void => bytes.attach(duplex, close)
  if (stream !== undefined) attach(stream)
  return ok({ gateway, published, ready: gateway.up(), closed, attach, close })
}

/** Port 80 is left out; "every address" includes this machine's own. */
function urlOf({ address, port }: Endpoint): string {
  const local = { address: address === ipv4.UNSPECIFIED ? ipv4.LOOPBACK : address, port }
  return `http://${port === 80 ? ip.format(local.address) : endpoint.format(local)}/`
}
