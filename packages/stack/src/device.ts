/** The network stack as a component of a unikernel. */
import type { Values } from '@mirage/argument'
import { type Result, ok } from '@mirage/result'
import { addressing, args } from './addressing.ts'
import { type Needs, type Stack, connect as connectStatic, connectDhcp } from './stack.ts'

export { args }

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
  return ok(await connectDhcp(needs, about === undefined ? undefined : hostname(about.name)))
}

/** `name`, if a host can have it: RFC 2132 §3.14 asks for what RFC 1035 §2.3.1 calls a label. */
function hostname(name: string): string | undefined {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(name) ? name : undefined
}
