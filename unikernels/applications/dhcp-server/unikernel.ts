/** Leases addresses to the clients of its network: a DHCP server, RFC 2131. */
import * as ipv4 from '@mirage/address/ipv4'
import type { Values } from '@mirage/argument'
import type { Clock } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import { pings } from '@mirage/dhcp/pings'
import { serve } from '@mirage/dhcp/serve'
import type { Kv } from '@mirage/kv'
import type { Random } from '@mirage/random'
import { type Result, err } from '@mirage/result'
import type { Stack } from '@mirage/stack'
import { args, configOf } from './arguments.ts'

const log = source('dhcp-server')

export { args }

interface Devices {
  readonly clock: Clock
  readonly random: Random
  readonly stack: Stack
  readonly leases: Kv
}

export async function start(
  { clock, random, stack, leases }: Devices,
  values: Values<typeof args>,
): Promise<Result<void, string>> {
  if (stack.lease !== undefined) return err('a DHCP server has an address of its own: say --ipv4')
  const { cidr } = stack.ip.config
  const config = configOf(cidr, values)
  if (!config.ok) return config
  const prober = values.noProbe ? {} : { prober: pings(stack.icmp, random) }
  const server = await serve({ udp: stack.udp, clock, leases, ...prober }, config.value)
  if (!server.ok) return server
  const ranges = config.value.ranges.map(({ first, last }) => `${ipv4.format(first)}-${ipv4.format(last)}`)
  log.info(`leases ${ranges.join(', ')} for ${values.leaseTime} s`)
  // Until the unikernel is ended.
  return new Promise(() => {})
}
