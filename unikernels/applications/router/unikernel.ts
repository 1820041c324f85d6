/** A router with two networks: who is inside reaches the outside behind one address. */
import { contains, format, formatCidr } from '@mirage/address/ipv4'
import * as argument from '@mirage/argument'
import type { Values } from '@mirage/argument'
import type { Clock, Millis } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import type { Random } from '@mirage/random'
import { type Result, err } from '@mirage/result'
import { type Router, connect } from '@mirage/router'
import { Nat, OWN_PORT_MIN, type PortForward } from '@mirage/router/nat'
import type { Stack } from '@mirage/stack'
import * as forward from './forward.ts'

const log = source('router')

const forwardKind: argument.Kind<PortForward> = {
  docv: 'PROTOCOL:PORT:ADDRESS:PORT',
  expected: 'a forwarded port such as tcp:8080:192.168.1.5:80',
  ...forward,
  show: forward.format,
}

export const args = {
  forward: argument.list(
    argument.of(forwardKind, { doc: 'A port of the outside address that leads to a host inside.' }),
  ),
  noNat: argument.flag({ doc: 'Give packets no other address.' }),
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

/** Which of the router's links leads outside. */
const OUTSIDE = 1
/** How often conversations that have been silent for too long are looked for. */
const SWEEP: Millis = 10_000

export async function start(
  { clock, random, outside, inside }: Devices,
  { forward: forwards, noNat, report }: Values<typeof args>,
): Promise<Result<void, string>> {
  const [here, there] = [inside.ip.config.cidr, outside.ip.config.cidr]
  if (contains(here, there.address) || contains(there, here.address)) {
    return err(`inside and outside are one network, ${formatCidr(here)}: say another with --inside-ipv4`)
  }
  const nat = noNat ? undefined : new Nat(random, { forwards })
  if (nat !== undefined) outside.tcp.localPortMin = OWN_PORT_MIN
  const router = connect(
    { links: [inside.ip, outside.ip], clock },
    { outside: OUTSIDE, ...(nat === undefined ? {} : { nat }) },
  )
  const behind = nat === undefined ? '' : `, behind ${format(there.address)}`
  log.info(`leads ${formatCidr(here)} outside${behind}`)
  every(clock, SWEEP, () => nat?.expire(clock.now()))
  if (report > 0) every(clock, report * 1000, () => tell(router, nat))
  return new Promise(() => {})
}

function every(clock: Clock, interval: Millis, task: () => void): void {
  clock.at(clock.now() + interval, () => {
    task()
    every(clock, interval, task)
  })
}

function tell({ counters, drops }: Router, nat: Nat | undefined): void {
  const lost = Object.entries(drops).flatMap(([reason, count]) => (count > 0 ? [`${count} ${reason}`] : []))
  const conversations = nat === undefined ? '' : `, ${nat.count} conversations`
  log.info(`${counters.forwarded} packets carried${conversations}; dropped: ${lost.join(', ') || 'none'}`)
}
