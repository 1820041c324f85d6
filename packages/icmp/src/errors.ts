/** What ICMP's numbers say in the words of `@mirage/ip/errors`: RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1. */
import type { DeliveryErrorKind } from '@mirage/ip/errors'
import * as wire from './wire.ts'

/** By the code of "unreachable". Those of RFC 1122 that name a type of service say the same as those that do not. */
const UNREACHABLE: readonly (DeliveryErrorKind | 'too-big')[] = [
  'net-unreachable',
  'host-unreachable',
  'protocol-unreachable',
  'port-unreachable',
  'too-big',
  // 5: the source route failed. We never ask for one.
  'net-unreachable',
  'net-unreachable',
  'host-unreachable',
  'host-unreachable',
  // 9 and 10: the network, or the host, is forbidden.
  'prohibited',
  'prohibited',
  'net-unreachable',
  'host-unreachable',
  // 13 to 15: a filter, and two ways to say precedence.
  'prohibited',
  'prohibited',
  'prohibited',
]

/**
 * What a message with this type and this code reports, if it is an error that anybody is told of. Source quench and
 * redirects are deprecated or dangerous, and ignored: RFC 6633, RFC 1122 §3.2.2.2.
 */
export function kindOf(type: number, code: number): DeliveryErrorKind | 'too-big' | undefined {
  if (type === wire.UNREACHABLE) return UNREACHABLE[code]
  if (type === wire.PARAMETER_PROBLEM) return 'parameter-problem'
  if (type !== wire.TIME_EXCEEDED) return undefined
  return code === wire.REASSEMBLY_TIME_EXCEEDED ? 'reassembly-timeout' : 'time-exceeded'
}

/** MTUs of usual links, from large to small: RFC 1191 §7.1. */
const PLATEAUS: readonly number[] = [32_000, 17_914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68]

/** A guess at the MTU of a link that a packet of `length` bytes was too big for. */
export function plateauBelow(length: number): number {
  return PLATEAUS.find((plateau) => plateau < length) ?? 68
}
