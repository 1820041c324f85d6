/** The network stack as a component of a unikernel. */
import type { Values } from '@mirage/argument'
import { type Result, ok } from '@mirage/result'
import { addressing, args } from './addressing.ts'
import { type Needs, type Stack, connect as connectStatic, connectDhcp } from './stack.ts'

export { args }

/**
 * A stack with the address that the arguments give, or else with one that a DHCP server leases: then it is
 * connected once there is one.
 */
export async function connect(needs: Needs, values: Values<typeof args>): Promise<Result<Stack, string>> {
  const config = addressing(values)
  if (!config.ok) return config
  return ok(config.value === 'dhcp' ? await connectDhcp(needs) : connectStatic(needs, config.value))
}
