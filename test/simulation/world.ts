/** Two unikernels' stacks on one switch, on virtual time. */
import { setImmediate } from 'node:timers/promises'
import * as ipv4 from '@mirage/address/ipv4'
import type { Clock } from '@mirage/clock'
import type { Net } from '@mirage/net'
import { type Simulation, simulate } from '@mirage/simulation'
import { type Stack, connect } from '@mirage/stack'
import type { TcpFlow } from '@mirage/tcp'
import { type Observe, type Switch, vnetif } from '@mirage/vnetif'
import type { Faults } from '@mirage/vnetif/faults'

export interface Host {
  readonly name: string
  readonly address: ipv4.Ipv4
  readonly net: Net
  readonly clock: Clock
  readonly stack: Stack
}

export interface World {
  readonly simulation: Simulation
  readonly lan: Switch
  /** 10.0.0.1 */
  readonly server: Host
  /** 10.0.0.2 */
  readonly client: Host
}

export interface Options {
  readonly seed?: number
  readonly faults?: Faults
  readonly mtu?: number
  /** The server's and the client's own, none above `mtu`. */
  readonly mtus?: readonly [server: number, client: number]
  /** Sees every frame that is delivered or lost. */
  readonly observe?: Observe
}

/** A world whose trace holds every frame that was delivered or lost. */
export function world(options: Options = {}): World {
  const { seed = 1, faults = {}, mtu = 1500, mtus = [mtu, mtu] } = options
  const simulation = simulate(seed, setImmediate)
  const lan = vnetif({
    clock: simulation.clock('lan'),
    random: simulation.random('faults'),
    mtu,
    faults,
    observe: (fate, from, to, frame) => {
      const where = to === undefined ? `${from.mac & 255}` : `${from.mac & 255} to ${to.mac & 255}`
      simulation.trace.add(simulation.now(), `${fate} ${where}`, frame)
      options.observe?.(fate, from, to, frame)
    },
  })
  return {
    simulation,
    lan,
    server: host(simulation, 'server', ipv4.of(10, 0, 0, 1), lan.connect({ mtu: mtus[0] })),
    client: host(simulation, 'client', ipv4.of(10, 0, 0, 2), lan.connect({ mtu: mtus[1] })),
  }
}

function host(simulation: Simulation, name: string, address: ipv4.Ipv4, net: Net): Host {
  const clock = simulation.clock(name)
  const needs = { net, clock, random: simulation.random(name) }
  return { name, address, net, clock, stack: connect(needs, { cidr: { address, prefixLength: 24 } }) }
}

/** The next connection to `port` of `host`. */
export function accepted(host: Host, port: number): Promise<TcpFlow> {
  return new Promise((resolve) => {
    host.stack.tcp.listen(port, resolve)
  })
}

/** A connection from the client to `port` of the server: the client's end, and the server's. */
export async function connected({ server, client }: World, port: number): Promise<[TcpFlow, TcpFlow]> {
  const accepting = accepted(server, port)
  const connection = await client.stack.tcp.connect({ address: server.address, port })
  if (!connection.ok) throw new Error(`not connected: ${connection.error}`)
  return [connection.value, await accepting]
}
