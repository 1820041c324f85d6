/** How a stack asks for a lease: what the boot arguments say. */
import type { Ipv4 } from '@mirage/address/ipv4'
import * as argument from '@mirage/argument'
import type { Argument, Values } from '@mirage/argument'
import type { DhcpOptions } from './stack.ts'

type Terms = {
  readonly dhcpBefore: Argument<Ipv4 | undefined>
  readonly dhcpProbe: Argument<boolean>
}

/** The boot arguments of every stack that may have a lease. */
export const args: Terms = {
  dhcpBefore: argument.optional(
    argument.ipv4({
      doc: 'The address that was leased before: ask for that one first, and keep it at the end.',
    }),
  ),
  dhcpProbe: argument.flag({
    doc: 'Make sure for some seconds that nobody has a leased address before using it.',
  }),
}

/** What they say, for the unikernel `name`. */
export function leasing({ dhcpBefore, dhcpProbe }: Values<Terms>, name: string | undefined): DhcpOptions {
  const hostname = name === undefined ? undefined : hostnameOf(name)
  return {
    ...(hostname === undefined ? {} : { hostname }),
    ...(dhcpBefore === undefined ? {} : { before: dhcpBefore, keepsLease: true }),
    isCautious: dhcpProbe,
  }
}

/** `name`, if a host can have it: RFC 2132 §3.14 asks for what RFC 1035 §2.3.1 calls a label. */
function hostnameOf(name: string): string | undefined {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(name) ? name : undefined
}
