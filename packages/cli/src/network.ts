/** The network of a unikernel that `mirage run` runs: a gateway in this process, and the host's ports that lead in. */
import type { Socket } from 'node:net'
import { format } from '@mirage/address/ipv4'
import { type PublishRule, parsePublish } from '@mirage/configure/publish'
import { type Published, type RunningGateway, type StartError, startGateway } from '@mirage/gateway/node'
import { nodeClock } from '@mirage/gateway/node-clock'
import { type Capture, type Sink, type Tap, capture } from '@mirage/net/capture'
import { type Result, assert, err, ok } from '@mirage/result'
import { gatewayFor } from './gateway-for.ts'
import { type Failure, failure } from './problem.ts'
import type { Terminal } from './terminal.ts'

/** A recording into `sink`, to which each network adds an interface. */
export function record(sink: Sink): Capture {
  return capture(sink, nodeClock(), 'mirage run')
}

/** Where a unikernel speaks HTTP, as far as one can tell from a number. */
const HTTP_PORT = 80

/** What is told of a network. */
export interface Network {
  readonly rules: readonly string[]
  readonly words: readonly string[]
  readonly group: string | undefined
  /** Records what it carries. */
  readonly tap: Tap | undefined
}

/**
 * A gateway at the other end of `stream`, with the ports that `rules` publish; they are told to the person. Its
 * network is the one that `words`, the unikernel's arguments, speak of; `group` goes in front of their names.
 */
export async function connect(
  stream: Socket,
  { rules, words, group, tap }: Network,
  { say, detail }: Terminal,
): Promise<Result<RunningGateway, Failure>> {
  const publish = rules.map(checkedRule)
  const cidr = gatewayFor(words, group)
  const started = await startGateway({
    stream,
    publish,
    ...(cidr === undefined ? {} : { cidr }),
    ...(tap === undefined ? {} : { tap }),
  })
  if (!started.ok) return err(failure(123, refusal(started.error, publish)))
  const { ready, published } = started.value
  void ready.then((address) => detail(`  ${format(address)} on a network of its own`))
  for (const each of published) say(`  ${place(each)}`)
  return ok(started.value)
}

function checkedRule(text: string): PublishRule {
  const rule = parsePublish(text)
  assert(rule !== undefined, 'rules were checked when they were given')
  return rule
}

/** Where a person finds what was published. */
function place({ protocol, hostAddress, hostPort, guestPort, url }: Published): string {
  if (protocol === 'tcp' && guestPort === HTTP_PORT) return url
  return `${protocol} ${format(hostAddress)}:${hostPort} leads to port ${guestPort}`
}

function refusal({ kind, hostAddress, port }: StartError, rules: readonly PublishRule[]): string {
  const guestPort = rules.find((rule) => rule.hostPort === port)?.guestPort ?? 80
  const where = `port ${port} of ${format(hostAddress)}`
  const hint = `Choose another with --publish ${port < 55_000 ? port + 1000 : port - 1000}:${guestPort}`
  switch (kind) {
    case 'port-in-use':
      return `${where} is in use. ${hint}`
    case 'no-permission':
      return `${where} is not open to this user. ${hint}`
    case 'no-address':
      return `this host has no address ${format(hostAddress)} for --publish`
    case 'exhausted':
      return `${where} cannot be opened: the host has no sockets left`
  }
}
