/** A router with a filter: two networks, and rules about what passes between them. */
import * as endpoint from '@mirage/address/endpoint'
import { type IpAddress, format } from '@mirage/address/ip'
import { UNSPECIFIED, contains, formatCidr } from '@mirage/address/ipv4'
import * as argument from '@mirage/argument'
import type { Values } from '@mirage/argument'
import type { Clock, Millis } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import type { Random } from '@mirage/random'
import { type Result, err } from '@mirage/result'
import { connect } from '@mirage/router'
import { Filter } from '@mirage/router/filter'
import { connect as connectIpv6 } from '@mirage/router/ipv6'
import * as rules from '@mirage/router/rules'
import type { Rule } from '@mirage/router/rules'
import type { Stack } from '@mirage/stack'
import { DropLog } from './drop-log.ts'

const log = source('firewall')

const ruleKind: argument.Kind<Rule> = {
  docv: 'RULE',
  expected: 'a rule such as "allow in tcp to 192.168.1.5 port 80"',
  parse: rules.parse,
  show: rules.format,
}

export const args = {
  rule: argument.list(
    argument.of(ruleKind, {
      doc: 'What passes; the first that fits decides. Without one, what begins outside is denied.',
    }),
  ),
  logRate: argument.integer({
    doc: 'Lines a second about what did not pass.',
    default: 5,
    min: 0,
    max: 1000,
  }),
  report: argument.integer({
    doc: 'Seconds between two reports of what was decided; 0 for none.',
    default: 0,
    min: 0,
    max: 86_400,
  }),
}

interface Devices {
  readonly clock: Clock
  readonly random: Random
  readonly outside: Stack
  readonly inside: Stack
}

/** Which of the router's links leads outside. */
const OUTSIDE = 1
/** How often conversations that have been silent for too long are looked for. */
const SWEEP: Millis = 10_000

export async function start(
  { clock, random, outside, inside }: Devices,
  { rule: list, logRate, report }: Values<typeof args>,
): Promise<Result<void, string>> {
  const [here, there] = [inside.ip.config.cidr, outside.ip.config.cidr]
  const hasIpv4 = here.address !== UNSPECIFIED && there.address !== UNSPECIFIED
  if (hasIpv4 && (contains(here, there.address) || contains(there, here.address))) {
    return err(`inside and outside are one network, ${formatCidr(here)}: say another with --inside-ipv4`)
  }
  const drops = new DropLog(logRate, (line) => log.warning(line))
  const filter = new Filter(list, {
    denied: (direction, ends, rule) => {
      drops.dropped(clock.now(), () => {
        const why = rule === undefined ? '' : `, by "${rules.format(rule)}"`
        return `${direction}: ${ends === undefined ? 'a stray packet' : describe(ends)} did not pass${why}`
      })
    },
  })
  const between: string[] = []
  if (hasIpv4) {
    connect({ links: [inside.ip, outside.ip], clock, random }, { outside: OUTSIDE, filter })
    between.push(`${formatCidr(here)} and ${formatCidr(there)}`)
  }
  if (inside.ipv6 !== undefined && outside.ipv6 !== undefined) {
    connectIpv6({ links: [inside.ipv6, outside.ipv6], clock, random }, { outside: OUTSIDE, filter })
    between.push('networks of IPv6')
  }
  if (between.length === 0) return err('inside and outside speak no family both.')
  for (const each of between) log.info(`stands between ${each}, with ${list.length} rules`)
  for (const each of list) log.info(`  ${rules.format(each)}`)
  every(clock, SWEEP, () => filter.expire(clock.now()))
  if (report > 0) every(clock, report * 1000, () => tell(filter, list))
  return new Promise(() => {})
}

type Ends = Parameters<NonNullable<NonNullable<ConstructorParameters<typeof Filter>[1]>['denied']>>[1]

function describe({ protocol, src, srcPort, dst, dstPort }: NonNullable<Ends>): string {
  const name = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp' }[protocol] ?? `protocol ${protocol}`
  const hasPorts = protocol === 6 || protocol === 17
  const text = (address: IpAddress, port: number): string =>
    hasPorts ? endpoint.format({ address, port }) : format(address)
  return `${name} from ${text(src, srcPort)} to ${text(dst, dstPort)}`
}

function every(clock: Clock, interval: Millis, task: () => void): void {
  clock.at(clock.now() + interval, () => {
    task()
    every(clock, interval, task)
  })
}

function tell({ counters, count }: Filter, list: readonly Rule[]): void {
  const { established, otherAllowed, otherDenied, stray } = counters
  log.info(
    `${count} conversations, ${established} packets of them; else ${otherAllowed} allowed, ${otherDenied} denied, ${stray} stray`,
  )
  for (const [index, rule] of list.entries()) log.info(`  ${counters.rules[index]} ${rules.format(rule)}`)
}
