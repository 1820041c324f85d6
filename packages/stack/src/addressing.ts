/** Where a stack's address comes from: what the boot arguments say. */
import * as ipv4 from '@mirage/address/ipv4'
import type { Cidr, Ipv4 } from '@mirage/address/ipv4'
import * as argument from '@mirage/argument'
import type { Argument, Values } from '@mirage/argument'
import type { Config } from '@mirage/ip'
import { type Result, err, ok } from '@mirage/result'

/** The address of a stack that is told neither where to ask nor what to take, and its gateway. */
export const DEFAULT: Config = {
  cidr: { address: ipv4.of(10, 0, 0, 2), prefixLength: 24 },
  gateway: ipv4.of(10, 0, 0, 1),
}

/** By the names under which the values arrive: `ipv4Gateway` is written `--ipv4-gateway`. */
type Terms = {
  readonly ipv4: Argument<Cidr | undefined>
  readonly ipv4Gateway: Argument<Ipv4 | undefined>
  readonly noDhcp: Argument<boolean>
}

/** The boot arguments of every stack. */
export const args: Terms = {
  ipv4: argument.optional(
    argument.cidr({ doc: 'Take this address instead of asking a DHCP server for one.' }),
  ),
  ipv4Gateway: argument.optional(
    argument.ipv4({ doc: 'The router to everything outside the network of the address that was given.' }),
  ),
  noDhcp: argument.flag({
    doc: `Ask no DHCP server: take ${ipv4.formatCidr(DEFAULT.cidr)}, or what --ipv4 says.`,
  }),
}

/** A fixed address, or `'dhcp'`; or one sentence about what is wrong with what the user said. */
export function addressing(values: Values<Terms>): Result<Config | 'dhcp', string> {
  const { ipv4: cidr, ipv4Gateway: gateway, noDhcp } = values
  if (cidr === undefined && !noDhcp) {
    return gateway === undefined
      ? ok('dhcp')
      : err('--ipv4-gateway is of no use without --ipv4 or --no-dhcp.')
  }
  if (cidr === undefined) return check({ ...DEFAULT, ...(gateway === undefined ? {} : { gateway }) })
  return check({ cidr, ...(gateway === undefined ? {} : { gateway }) })
}

function check(config: Config): Result<Config, string> {
  const { cidr, gateway } = config
  const own = ipv4.formatCidr(cidr)
  if (!isHost(cidr, cidr.address)) return err(`--ipv4: ${own} is not the address of a host.`)
  if (gateway === undefined) return ok(config)
  const text = ipv4.format(gateway)
  if (gateway === cidr.address) return err(`--ipv4-gateway: ${text} is the unikernel's own address.`)
  if (!ipv4.contains(cidr, gateway) || !isHost(cidr, gateway)) {
    return err(`--ipv4-gateway: ${text} is not the address of a host in the network of ${own}.`)
  }
  return ok(config)
}

/** Neither a group nor loopback nor "this host"; nor, where the prefix leaves room for them, all zeros or all ones. */
function isHost(cidr: Cidr, address: Ipv4): boolean {
  if (address >>> 24 === 0 || address >>> 24 === 127 || address >>> 28 >= 0xe) return false
  // A link of two hosts has no other addresses (RFC 3021), and a network of one host has only its own.
  if (cidr.prefixLength >= 31) return true
  return address !== ipv4.network(cidr) && address !== ipv4.broadcastOf(cidr)
}
