/** A router for IPv6 between two hosts, on virtual time. */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { format } from '@mirage/address/ip'
import { ICMPV6, type Ipv6Layer, UDP } from '@mirage/ip'
import { type Simulation, simulate } from '@mirage/simulation'
import { type Stack, connect as connectStack } from '@mirage/stack'
import { type Switch, vnetif } from '@mirage/vnetif'
import { ipv6 as address } from '../../../address/src/testing/literals.ts'
import { even } from '../../../icmp/src/testing/even.ts'
import { type Ipv6Router, type Options, connect } from '../ipv6.ts'

/** A stack that speaks IPv6. */
export type Host = Stack & { readonly ipv6: Ipv6Layer }

/** Two hosts, a router between their links, and what the first is told. */
export interface Rig {
  readonly simulation: Simulation
  readonly a: Host
  readonly b: Host
  /** Of the router, on the link of each. */
  readonly legs: readonly Host[]
  readonly router: Ipv6Router
  readonly told: string[]
  readonly replies: string[]
}

/** `a`, fd01::2, and `b`, fd02::2, on a link of `mtu` bytes; the router may have a `gateway` on the other. */
export async function rig({
  mtu = 1500,
  gateway,
  ...options
}: Options & { readonly mtu?: number; readonly gateway?: string } = {}): Promise<Rig> {
  const simulation = simulate(1, setImmediate)
  const lan = (name: string): Switch =>
    vnetif({ clock: simulation.clock(name), random: simulation.random(name) })
  const [left, right] = [lan('left'), lan('right')]
  const host = (link: Switch, at: string, gateway?: string, size = 1500): Host => {
    const clock = simulation.clock(at)
    const needs = { net: link.connect({ mtu: size }), clock, random: simulation.random(at) }
    const cidr = { address: address(at), prefixLength: 64 }
    const way = gateway === undefined ? {} : { gateway: address(gateway) }
    const stack = connectStack(needs, undefined, {
      addresses: [cidr],
      isTrusted: true,
      acceptsRouters: false,
      ...way,
    })
    assert.ok(stack.ipv6 !== undefined)
    return Object.assign(stack, { ipv6: stack.ipv6 })
  }
  const a = host(left, 'fd01::2', 'fd01::1')
  const b = host(right, 'fd02::2', 'fd02::1', mtu)
  const legs = [host(left, 'fd01::1', gateway), host(right, 'fd02::1', undefined, mtu)]
  const links = legs.map(({ ipv6: ip }) => ip)
  const router = connect({ links, clock: simulation.clock('router'), random: even }, options)
  await simulation.pass(100)
  const told: string[] = []
  for (const protocol of [ICMPV6, UDP]) {
    a.icmp.onError(protocol, (error) => {
      const size = error.kind === 'too-big' ? ` ${error.mtu}` : ''
      told.push(`${format(error.reporter)}: ${error.kind}${size} about ${format(error.dst)}`)
    })
  }
  const replies: string[] = []
  a.icmp.onReply(({ src, sequence }) => replies.push(`${format(src)} ${sequence}`))
  return { simulation, a, b, legs, router, told, replies }
}
