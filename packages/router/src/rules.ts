/**
 * What a filter lets pass, as a person writes it:
 *
 *     allow out
 *     allow in tcp to 10.0.0.5/32 port 80-81
 *     reject in udp from 192.0.2.0/24
 *     allow in tcp to 2001:db8::5 port 443
 *
 * In this order: what to do, the direction, and then, each where it matters, the protocol, `from` and `to` with a
 * prefix or an address and, for TCP and UDP, `port` with one or a range. A rule is about both families unless it has an
 * address of one: `to ::/0` is everything of IPv6. So is `icmp` the ICMP of either.
 */
import * as ip from '@mirage/address/ip'
import type { Cidr, IpAddress } from '@mirage/address/ip'
import { ICMP, ICMPV6, TCP, UDP } from '@mirage/ip'
import { type Result, err, ok } from '@mirage/result'
import type { Ends } from './ends.ts'

/** What becomes of a packet: a rejected one's sender is told. */
export type Verdict = 'allow' | 'deny' | 'reject'
/** From the outside, or to it. */
export type Direction = 'in' | 'out'

/** From the first to the last port, both included. */
export interface PortRange {
  readonly first: number
  readonly last: number
}

/** One end of the packets that a rule is about. */
export interface RuleEnd {
  readonly prefix?: Cidr
  readonly ports?: PortRange
}

/** What becomes of packets that begin a conversation. What it leaves open does not matter. */
export interface Rule {
  readonly verdict: Verdict
  readonly direction?: Direction
  readonly protocol?: 'tcp' | 'udp' | 'icmp'
  readonly from?: RuleEnd
  readonly to?: RuleEnd
}

const NUMBERS = { tcp: TCP, udp: UDP, icmp: ICMP } as const
const NUMBERS_6 = { ...NUMBERS, icmp: ICMPV6 } as const

/** Whether `rule` is about packets with these ends, in this direction. */
export function fits(rule: Rule, direction: Direction, ends: Ends): boolean {
  if (rule.direction !== undefined && rule.direction !== direction) return false
  const numbers = ip.isIpv4(ends.src) ? NUMBERS : NUMBERS_6
  if (rule.protocol !== undefined && numbers[rule.protocol] !== ends.protocol) return false
  return fitsEnd(rule.from, ends.src, ends.srcPort) && fitsEnd(rule.to, ends.dst, ends.dstPort)
}

function fitsEnd({ prefix, ports }: RuleEnd = {}, address: IpAddress, port: number): boolean {
  if (prefix !== undefined && !ip.contains(prefix, address)) return false
  return ports === undefined || (port >= ports.first && port <= ports.last)
}

/** The rule that `text` says. */
export function parse(text: string): Result<Rule, 'bad-rule'> {
  const words = text.trim().toLowerCase().split(/\s+/)
  const verdict = oneOf(words, ['allow', 'deny', 'reject'])
  if (verdict === undefined) return err('bad-rule')
  const direction = oneOf(words, ['in', 'out'])
  const protocol = oneOf(words, ['tcp', 'udp', 'icmp'])
  const from = end(words, 'from')
  const to = end(words, 'to')
  if (from === undefined || to === undefined || words.length > 0) return err('bad-rule')
  if (areApart(from.prefix, to.prefix)) return err('bad-rule')
  const hasPorts = from.ports !== undefined || to.ports !== undefined
  if (hasPorts && protocol !== 'tcp' && protocol !== 'udp') return err('bad-rule')
  return ok({
    verdict,
    ...(direction === undefined ? {} : { direction }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(isOpen(from) ? {} : { from }),
    ...(isOpen(to) ? {} : { to }),
  })
}

/** What `parse` reads. */
export function format({ verdict, direction, protocol, from, to }: Rule): string {
  const parts = [verdict, direction, protocol, formatEnd('from', from), formatEnd('to', to)]
  return parts.filter((part) => part !== undefined && part !== '').join(' ')
}

function formatEnd(side: string, { prefix, ports }: RuleEnd = {}): string {
  if (prefix === undefined && ports === undefined) return ''
  const where = prefix === undefined ? 'any' : ip.formatCidr(prefix)
  if (ports === undefined) return `${side} ${where}`
  const { first, last } = ports
  return `${side} ${where} port ${first === last ? first : `${first}-${last}`}`
}

/** The first of `words`, if it is one of `choices`: then it is taken away. */
function oneOf<const C extends string>(words: string[], choices: readonly C[]): C | undefined {
  const choice = choices.find((each) => each === words[0])
  if (choice !== undefined) words.shift()
  return choice
}

/** What the words after `side` say; nothing matters if they are not there. `undefined` if they make no sense. */
function end(words: string[], side: string): RuleEnd | undefined {
  if (words[0] !== side) return {}
  words.shift()
  const prefix = prefixOf(words.shift() ?? '')
  if (prefix === undefined) return undefined
  const where = prefix === 'any' ? {} : { prefix }
  if (words[0] !== 'port') return where
  words.shift()
  const ports = portsOf(words.shift() ?? '')
  return ports === undefined ? undefined : { ...where, ports }
}

function prefixOf(word: string): Cidr | 'any' | undefined {
  if (word === 'any') return 'any'
  const parsed = ip.parseCidr(word.includes('/') ? word : `${word}/${word.includes(':') ? 128 : 32}`)
  return parsed.ok ? parsed.value : undefined
}

function portsOf(word: string): PortRange | undefined {
  const [, a, b] = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(word) ?? []
  if (a === undefined) return undefined
  const [first, last] = [Number(a), Number(b ?? a)]
  return first >= 1 && first <= last && last <= 0xffff ? { first, last } : undefined
}

/** Whether no packet has one end in each. */
function areApart(from: Cidr | undefined, to: Cidr | undefined): boolean {
  if (from === undefined || to === undefined) return false
  return ip.isIpv4(from.address) !== ip.isIpv4(to.address)
}

function isOpen({ prefix, ports }: RuleEnd): boolean {
  return prefix === undefined && ports === undefined
}
