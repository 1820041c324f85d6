/** The network stack as a component of a unikernel. */
import type { Values } from '@mirage/argument'
import { type Result, ok } from '@mirage/result'
import { addressing, args as addressingArgs } from './addressing.ts'
import { args as leasingArgs, leasing } from './leasing.ts'
import { type Needs, type Stack, connect as connectStatic, connectDhcp } from './stack.ts'

/** The boot arguments of every stack. */
export const args: typeof addressingArgs & typeof leasingArgs = { ...addressingArgs, ...leasingArgs }

/**
 * A stack with the address that the arguments give, or else with one that a DHCP server leases: then it is
 * connected once there is one. The server is told the name of the unikernel.
 */
export async function connect(
  needs: Needs,
  values: Values<typeof args>,
  about?: { readonly name: string },
): Promise<Result<Stack, string>> {
  const config = addressing(values)
  if (!config.ok) return config
  if (config.value !== 'dhcp') return ok(connectStatic(needs, config.value))
  return ok(await connectDhcp(needs, leasing(values, about?.name)))
}
