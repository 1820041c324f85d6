/** Which network the gateway of `mirage run` is on: the one that the unikernel's arguments speak of. */
import type { Cidr, Ipv4 } from '@mirage/address/ipv4'
import * as ipv4 from '@mirage/address/ipv4'
import { parse } from '@mirage/argument/parse'
import { addressing, args } from '@mirage/stack/addressing'
import { split } from './command.ts'

/** A network of which the gateway would be no part: there is room for one host. */
const ALONE = 31

/**
 * The gateway's address and network, if `words` give the unikernel a fixed address; `undefined` if they do not, or
 * are wrong: then the unikernel says so itself. `group` goes in front of the names of the arguments.
 */
export function gatewayFor(words: readonly string[], group?: string): Cidr | undefined {
  const groups = { stack: { title: '', args, ...(group === undefined ? {} : { prefix: group }) } }
  // The unikernel is given one line, and splits it again.
  const { ours } = split(words.join(' ').split(/\s+/), groups)
  const parsed = parse(ours, groups)
  const config = parsed.ok ? addressing(parsed.value.groups.stack) : undefined
  if (config === undefined || !config.ok || config.value === 'dhcp') return undefined
  const { cidr, gateway } = config.value
  if (cidr.prefixLength >= ALONE) return undefined
  return { address: gateway ?? otherThan(cidr), prefixLength: cidr.prefixLength }
}

/** The first host of the network, or the second if the unikernel is the first. */
function otherThan(cidr: Cidr): Ipv4 {
  const first = (ipv4.network(cidr) + 1) as Ipv4
  return first === cidr.address ? ((first + 1) as Ipv4) : first
}
