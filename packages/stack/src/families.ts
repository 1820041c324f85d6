/** Which families a stack speaks, and where its IPv6 addresses come from: what the boot arguments say. */
import * as ipv6 from '@mirage/address/ipv6'
import * as argument from '@mirage/argument'
import type { Argument, Values } from '@mirage/argument'
import type { Options } from '@mirage/ip/ipv6'
import { type Result, err, ok } from '@mirage/result'

type Terms = {
  readonly ipv6: Argument<ipv6.Cidr | undefined>
  readonly ipv6Gateway: Argument<ipv6.Ipv6 | undefined>
  readonly acceptRouterAdvertisements: Argument<boolean>
  readonly ipv4Only: Argument<boolean>
  readonly ipv6Only: Argument<boolean>
}

/** The boot arguments of every stack. */
export const args: Terms = {
  ipv6: argument.optional(
    argument.cidr6({ doc: 'Take this address beside the one of the link and those of routers.' }),
  ),
  ipv6Gateway: argument.optional(argument.ipv6({ doc: 'The router to everything outside the link.' })),
  acceptRouterAdvertisements: argument.flag({
    doc: 'Take addresses and ways from the routers of the link, which =false takes back.',
    default: true,
  }),
  ipv4Only: argument.flag({ doc: 'Speak no IPv6.' }),
  ipv6Only: argument.flag({ doc: 'Speak no IPv4.' }),
}

/** What a stack speaks. */
export interface Families {
  readonly hasIpv4: boolean
  /** How it speaks IPv6; absent if it does not. */
  readonly ipv6?: Options
}

/** What the arguments say for a link whose packets have at most `mtu` bytes; or one sentence about what is wrong. */
export function families(values: Values<Terms>, mtu: number): Result<Families, string> {
  const { ipv6: cidr, ipv6Gateway: gateway, acceptRouterAdvertisements, ipv4Only, ipv6Only } = values
  if (ipv4Only && ipv6Only) return err('--ipv4-only and --ipv6-only leave nothing to speak.')
  const isTold = cidr !== undefined || gateway !== undefined || ipv6Only
  if (ipv4Only)
    return cidr === undefined && gateway === undefined ? ok({ hasIpv4: true }) : err(CONTRADICTION)
  if (mtu < MTU_MIN) return isTold ? err(TOO_NARROW) : ok({ hasIpv4: true })
  if (ipv6Only && cidr === undefined && !acceptRouterAdvertisements) return err(NO_ADDRESS)
  const wrong = check(cidr, gateway)
  if (wrong !== undefined) return err(wrong)
  const options = {
    acceptsRouters: acceptRouterAdvertisements,
    ...(cidr === undefined ? {} : { addresses: [cidr] }),
    ...(gateway === undefined ? {} : { gateway }),
  }
  return ok({ hasIpv4: !ipv6Only, ipv6: options })
}

/** RFC 8200 §5. */
const MTU_MIN = 1280
const CONTRADICTION = '--ipv6 and --ipv6-gateway are of no use with --ipv4-only.'
const TOO_NARROW = 'IPv6 needs a link that carries packets of 1,280 bytes.'
const NO_ADDRESS = '--ipv6-only needs --ipv6 where routers are not believed.'

function check(cidr: ipv6.Cidr | undefined, gateway: ipv6.Ipv6 | undefined): string | undefined {
  if (cidr !== undefined && !isHost(cidr.address)) {
    return `--ipv6: ${ipv6.formatCidr(cidr)} is not the address of a host.`
  }
  if (gateway === undefined) return undefined
  const text = ipv6.format(gateway)
  if (gateway === cidr?.address) return `--ipv6-gateway: ${text} is the unikernel's own address.`
  const isNear = ipv6.isLinkLocal(gateway) || (cidr !== undefined && ipv6.contains(cidr, gateway))
  return isNear && isHost(gateway)
    ? undefined
    : `--ipv6-gateway: ${text} is not the address of a host on the link.`
}

function isHost(address: ipv6.Ipv6): boolean {
  return !ipv6.isMulticast(address) && address !== ipv6.UNSPECIFIED && address !== ipv6.LOOPBACK
}
