/** A router with two networks: who is inside reaches the outside, by IPv4 behind one address, by IPv6 from its own. */
import { UNSPECIFIED, contains, format, formatCidr } from '@mirage/address/ipv4'
import * as argument from '@mirage/argument'
import type { Values } from '@mirage/argument'
import type { Clock, Millis } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import type { Ipv6Layer } from '@mirage/ip'
import type { Random } from '@mirage/random'
import { type Result, err } from '@mirage/result'
import { type Router, connect } from '@mirage/router'
import { announce } from '@mirage/router/announce'
import { Filter } from '@mirage/router/filter'
import { type Ipv6Router, connect as connectIpv6 } from '@mirage/router/ipv6'
import { Nat, OWN_PORT_MIN, type PortForward } from '@mirage/router/nat'
import * as rules from '@mirage/router/rules'
import type { Rule } from '@mirage/router/rules'
import type { Stack } from '@mirage/stack'
import * as forward from './forward.ts'

const log = source('router')

const forwardKind: argument.Kind<PortForward> = {
  docv: 'PROTOCOL:PORT:ADDRESS:PORT',
  expected: 'a forwarded port such as tcp:8080:192.168.1.5:80',
  ...forward,
  show: forward.format,
}

const ruleKind: argument.Kind<Rule> = {
  docv: 'RULE',
  expected: 'a rule such as "allow in tcp to 2001:db8::5 port 80"',
  parse: rules.parse,
  show: rules.format,
}

export const args = {
  forward: argument.list(
    argument.of(forwardKind, { doc: 'A port of the outside address that leads to a host inside.' }),
  ),
  noNat: argument.flag({ doc: 'Give packets no other address.' }),
  ipv6Rule: argument.list(
    argument.of(ruleKind, {
      doc: 'What passes by IPv6; the first that fits decides. Without one, what begins outside is denied.',
    }),
  ),
  noAnnounce: argument.flag({
    doc: 'Do not show the router to hosts inside, which take their address and their way out by IPv6 from it.',
  }),
  report: argument.integer({
    doc: 'Seconds between two reports of what was carried; 0 for none.',
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

type Needs = Pick<Devices, 'clock' | 'random'>

/** Which of the router's links leads outside. */
const OUTSIDE = 1
/** How often conversations that have been silent for too long are looked for. */
const SWEEP: Millis = 10_000

export async function start(
  { clock, random, outside, inside }: Devices,
  { forward: forwards, noNat, ipv6Rule, noAnnounce, report }: Values<typeof args>,
): Promise<Result<void, string>> {
  const [here, there] = [inside.ip.config.cidr, outside.ip.config.cidr]
  const hasIpv4 = here.address !== UNSPECIFIED && there.address !== UNSPECIFIED
  if (hasIpv4 && (contains(here, there.address) || contains(there, here.address))) {
    return err(`inside and outside are one network, ${formatCidr(here)}: say another with --inside-ipv4`)
  }
  const nat = noNat || !hasIpv4 ? undefined : new Nat(random, { forwards })
  if (nat !== undefined) outside.tcp.localPortMin = OWN_PORT_MIN
  const filter = new Filter(ipv6Rule)
  const router = hasIpv4 ? leadIpv4({ clock, random }, inside, outside, nat) : undefined
  const six = leadIpv6({ clock, random }, inside, outside, filter)
  const refresh = six === undefined || noAnnounce ? () => {} : announce(six.inside, six.outside)
  if (router === undefined && six === undefined) return err('inside and outside speak no family both.')
  every(clock, SWEEP, () => {
    nat?.expire(clock.now())
    filter.expire(clock.now())
    refresh()
  })
  if (report > 0)
    every(clock, report * 1000, () => {
      if (router !== undefined) tell('IPv4', router, nat?.count)
      if (six !== undefined) tell('IPv6', six.router, filter.count)
    })
  return new Promise(() => {})
}

function leadIpv4(needs: Needs, inside: Stack, outside: Stack, nat: Nat | undefined): Router {
  const links = [inside.ip, outside.ip]
  const router = connect({ ...needs, links }, { outside: OUTSIDE, ...(nat === undefined ? {} : { nat }) })
  const behind = nat === undefined ? '' : `, behind ${format(outside.ip.config.cidr.address)}`
  log.info(`leads ${formatCidr(inside.ip.config.cidr)} outside${behind}`)
  return router
}

interface Ipv6Side {
  readonly inside: Ipv6Layer
  readonly outside: Ipv6Layer
  readonly router: Ipv6Router
}

/** Nothing where one of them does not speak it. */
function leadIpv6(
  needs: Needs,
  { ipv6: inside }: Stack,
  { ipv6: outside }: Stack,
  filter: Filter,
): Ipv6Side | undefined {
  if (inside === undefined || outside === undefined) return undefined
  log.info('leads IPv6 outside; what begins there is denied, unless a rule allows it')
  const router = connectIpv6({ ...needs, links: [inside, outside] }, { outside: OUTSIDE, filter })
  return { inside, outside, router }
}

function every(clock: Clock, interval: Millis, task: () => void): void {
  clock.at(clock.now() + interval, () => {
    task()
    every(clock, interval, task)
  })
}

function tell(family: string, { counters, drops }: Router | Ipv6Router, count: number | undefined): void {
  const lost = Object.entries(drops).flatMap(([reason, dropped]) =>
    dropped > 0 ? [`${dropped} ${reason}`] : [],
  )
  const conversations = count === undefined ? '' : `, ${count} conversations`
  log.info(
    `${family}: ${counters.forwarded} packets carried${conversations}; dropped: ${lost.join(', ') || 'none'}`,
  )
}
