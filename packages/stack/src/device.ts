/** The network stack as a component of a unikernel. */
import type { Values } from '@mirage/argument'
import { type Result, ok } from '@mirage/result'
import { addressing, args as addressingArgs } from './addressing.ts'
import { args as familiesArgs, families } from './families.ts'
import { args as leasingArgs, leasing } from './leasing.ts'
import { type Needs, type Stack, connect as connectStatic, connectDhcp, connectIpv6 } from './stack.ts'

/** The boot arguments of every stack. */
export const args: typeof addressingArgs & typeof leasingArgs & typeof familiesArgs = {
  ...addressingArgs,
  ...leasingArgs,
  ...familiesArgs,
}

/**
 * A stack with the address that the arguments give, or else with one that a DHCP server leases: then it is
 * connected once there is one. The server is told the name of the unikernel. IPv6 is spoken beside, which nobody
 * waits for; where it is spoken alone, the stack is connected once it has an address of a router's or a given one.
 */
export async function connect(
  needs: Needs,
  values: Values<typeof args>,
  about?: { readonly name: string },
): Promise<Result<Stack, string>> {
  const spoken = families(values, needs.net.mtu)
  if (!spoken.ok) return spoken
  const { hasIpv4, ipv6 } = spoken.value
  if (!hasIpv4 && ipv6 !== undefined) return ok(await connectIpv6(needs, ipv6))
  const config = addressing(values)
  if (!config.ok) return config
  if (config.value !== 'dhcp') return ok(connectStatic(needs, config.value, ipv6))
  const options = leasing(values, about?.name)
  return ok(await connectDhcp(needs, ipv6 === undefined ? options : { ...options, ipv6 }))
}
