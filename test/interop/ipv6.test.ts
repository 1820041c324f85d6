import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import { type Stack, connect } from '@mirage/stack'
import { clock } from '@mirage/target-node/clock'
import { connect as connectRandom } from '@mirage/target-node/random'
import { until } from '../patience.ts'
import { type Program, skipWithout } from '../system.ts'
import { echoOn } from './echo.ts'
import { type LinuxHost, linuxHost, missing } from './linux-host.ts'

const OURS = 'fd99::2'
const THEIRS = ipv6.of(0xfd99, 0, 0, 0, 0, 0, 0, 1)
/** The prefix that Linux advertises as a router, and its own address there. */
const ADVERTISED: ipv6.Cidr = { address: ipv6.of(0xfd98), prefixLength: 64 }

/** A stack that echoes on port 7, and speaks IPv6 alone. */
function start(host: LinuxHost): Stack {
  const random = connectRandom()
  assert.ok(random.ok)
  const own = ipv6.parseCidr(`${OURS}/64`)
  assert.ok(own.ok)
  const stack = connect({ net: host.cable, clock, random: random.value }, undefined, {
    addresses: [own.value],
  })
  echoOn(stack)
  return stack
}

describe('a stack of IPv6 beside Linux', { skip: missing() }, () => {
  let host: LinuxHost
  let stack: Stack
  before(async () => {
    host = await linuxHost({ addresses: ['fd99::1/64', 'fd98::1/64'], hasOffloads: true })
    stack = start(host)
    const address = ipv6.parse(OURS)
    assert.ok(address.ok)
    await until(
      () => 'an address of its own',
      () => stack.ipv6?.isOwn(address.value) === true,
    )
  })
  after(() => {
    stack?.disconnect()
    host?.remove()
  })

  const cases: [what: string, program: Program, line: string, answer: RegExp][] = [
    ['is pinged', 'ping', `ping -6 -c 3 -i 0.1 -W 60 ${OURS}`, / 0% packet loss/],
    ['is pinged in fragments', 'ping', `ping -6 -c 3 -i 0.1 -W 60 -s 65000 ${OURS}`, / 0% packet loss/],
    ['has an open port', 'nc', `nc -z -v -w 60 ${OURS} 7`, /succeeded/],
    ['has closed ports', 'nc', `nc -z -v -w 60 ${OURS} 9`, /refused/],
    ['echoes by TCP', 'socat', `echo hello | socat -t 60 - TCP6:[${OURS}]:7`, /^hello$/m],
    ['echoes by UDP', 'socat', `echo hello | socat -t 60 - UDP6:[${OURS}]:7,readbytes=6`, /^hello$/m],
    [
      'says that nobody listens to a port of UDP',
      'socat',
      `echo hello | socat -t 60 - UDP6:[${OURS}]:9`,
      /Connection refused/,
    ],
    [
      'echoes a megabyte by TCP',
      'socat',
      `head -c 1000000 /dev/zero | socat -t 60 - TCP6:[${OURS}]:7 | wc -c`,
      /^1000000$/m,
    ],
  ]
  for (const [what, program, line, answer] of cases) {
    it(what, { skip: skipWithout(program) }, async () => assert.match(await host.shell(line), answer))
  }

  it('is a neighbour that the kernel reaches', async () => {
    await host.shell(`echo x | socat -t 60 - UDP6:[${OURS}]:7,readbytes=2`)
    const mac = /lladdr (\S+)/.exec(await host.shell('ip -6 neigh show fd99::2'))?.[1]
    assert.ok(mac !== undefined)
  })

  it('pings the kernel, in fragments too', async () => {
    const lengths: number[] = []
    stack.icmp.onReply(({ payload }) => lengths.push(payload.length))
    for (const length of [8, 60_000]) {
      assert.ok(stack.icmp.echo(THEIRS, { id: 7, sequence: length, payload: new Uint8Array(length) }).ok)
    }
    await until(
      () => `two replies, only ${lengths.join()}`,
      () => lengths.length === 2,
    )
    assert.deepEqual(
      lengths.sort((a, b) => a - b),
      [8, 60_000],
    )
  })

  it('has an address and a way out by what a router of Linux says', {
    skip: skipWithout('dnsmasq'),
  }, async () => {
    await host.shell('sysctl -qw net.ipv6.conf.all.forwarding=1')
    host.spawn(
      'dnsmasq',
      '--keep-in-foreground',
      '--conf-file=/dev/null',
      '--port=0',
      '--enable-ra',
      '--dhcp-range=fd98::,ra-only,64,1h',
      `--interface=${host.name}`,
      '--leasefile-ro',
      '--pid-file=',
      '--user=root',
      '--log-facility=/dev/null',
    )
    const { ipv6: ip } = stack
    const isAdvertised = ({ address }: ipv6.Cidr): boolean => ipv6.contains(ADVERTISED, address)
    await until(
      () => 'an address and a gateway',
      () => ip?.addresses.some(isAdvertised) === true && ip.gateway !== undefined,
    )
    const own = ip!.addresses.find(isAdvertised)!
    const text = ipv6.format(own.address)
    assert.match(await host.shell(`echo hi | socat -t 60 - UDP6:[${text}]:7,readbytes=3`), /^hi$/m)
  })
})
