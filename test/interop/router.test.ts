import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { connect as connectRouter } from '@mirage/router'
import { Filter } from '@mirage/router/filter'
import { Nat } from '@mirage/router/nat'
import type { Router } from '@mirage/router'
import { type Rule, parse } from '@mirage/router/rules'
import { type Stack, connect } from '@mirage/stack'
import { clock } from '@mirage/target-node/clock'
import { connect as connectRandom } from '@mirage/target-node/random'
import { ipv4 as address } from '../../packages/address/src/testing/literals.ts'
import { Namespace } from '../namespace.ts'
import { PATIENCE_S } from '../patience.ts'
import { skipWithout } from '../system.ts'
import { type LinuxHost, linuxHost, missing } from './linux-host.ts'
import { start as traceroute } from '../../unikernels/device-usage/traceroute/unikernel.ts'
import { setReporter } from '@mirage/console/logs'

const LENGTH = 20_000_000
/** A web server in one line: `LENGTH` bytes at every path, and who asks at /who. */
const WEB = `require('http').createServer((q, s) => q.url === '/who'
  ? s.end(q.socket.remoteAddress + '\\n') : s.end(Buffer.alloc(${LENGTH}, 'x'))).listen(80, () => console.log('ready'))`

/** Two Linux hosts, and a router of ours between their cables. */
interface Rig {
  readonly inside: LinuxHost
  readonly outside: LinuxHost
  readonly links: readonly Stack[]
  readonly router: Router
  readonly nat: Nat | undefined
  remove(): void
}

async function rig(kind: 'plain' | 'nat' | 'filter', mtu = 1500): Promise<Rig> {
  const inside = await linuxHost({ addresses: ['10.97.1.2/24'] })
  const outside = await linuxHost({ addresses: ['10.97.2.2/24'], mtu })
  const random = connectRandom()
  assert.ok(random.ok)
  const stack = ({ cable: net }: LinuxHost, at: string): Stack =>
    connect({ net, clock, random: random.value }, { cidr: { address: address(at), prefixLength: 24 } })
  const links = [stack(inside, '10.97.1.1'), stack(outside, '10.97.2.1')]
  await inside.run('ip', 'route', 'add', 'default', 'via', '10.97.1.1')
  if (kind !== 'nat') await outside.run('ip', 'route', 'add', 'default', 'via', '10.97.2.1')
  const forwards = [{ protocol: 'tcp', port: 8080, toAddress: address('10.97.1.2'), toPort: 80 }] as const
  const nat = kind === 'nat' ? new Nat(random.value, { forwards }) : undefined
  const rules = ['reject out tcp to any port 81', 'allow in icmp'].map((text): Rule => {
    const rule = parse(text)
    assert.ok(rule.ok)
    return rule.value
  })
  const router = connectRouter(
    { links: links.map(({ ip }) => ip), clock, random: random.value },
    {
      outside: 1,
      ...(nat === undefined ? {} : { nat }),
      ...(kind === 'filter' ? { filter: new Filter(rules) } : {}),
    },
  )
  const remove = (): void => {
    for (const link of links) link.disconnect()
    inside.remove()
    outside.remove()
  }
  return { inside, outside, links, router, nat, remove }
}

async function serveWeb(host: LinuxHost): Promise<void> {
  await host.spawn(process.execPath, '-e', WEB).prints(/^ready$/m)
}

describe('a router between two kernels', { skip: missing() }, () => {
  let site: Rig
  before(async () => {
    site = await rig('plain', 1300)
    await serveWeb(site.outside)
  })
  after(() => site?.remove())

  it('is pinged through, in fragments too', { skip: skipWithout('ping') }, async () => {
    const lines = ['ping -c 3 -i 0.1 -W 60', 'ping -c 2 -i 0.1 -W 60 -s 20000']
    for (const line of lines) assert.match(await site.inside.shell(`${line} 10.97.2.2`), / 0% packet loss/)
    assert.match(await site.outside.shell('ping -c 2 -i 0.1 -W 60 -s 20000 10.97.1.2'), / 0% packet loss/)
  })

  it('tells how large a packet may be', { skip: skipWithout('ping') }, async () => {
    assert.match(await site.inside.shell('ping -c 1 -W 60 -M do -s 1400 10.97.2.2'), /mtu.?=.?1300/)
  })

  it('is a hop of a trace', { skip: skipWithout('traceroute') }, async () => {
    const trace = await site.inside.shell('traceroute -n -q 2 -w 60 -m 4 10.97.2.2')
    assert.match(trace, /^ 1 {2}10\.97\.1\.1 [^]*^ 2 {2}10\.97\.2\.2 /m)
  })

  it('says that it knows no way, and that nobody is there', { skip: skipWithout('traceroute') }, async () => {
    assert.match(await site.inside.shell('traceroute -n -q 1 -w 60 -m 4 192.0.2.1'), /10\.97\.1\.1 .* ms !N/)
    assert.match(await site.inside.shell('ping -c 1 -W 60 10.97.2.77'), /Destination Host Unreachable/)
  })

  it('carries a page bit for bit', { skip: skipWithout('curl') }, async () => {
    const size = await site.inside.shell(`curl -s -m ${PATIENCE_S} http://10.97.2.2/ | tr -d -c x | wc -c`)
    assert.equal(Number(size), LENGTH)
  })
})

describe('a translating router between two kernels', { skip: missing() }, () => {
  let site: Rig
  before(async () => {
    site = await rig('nat')
    await Promise.all([serveWeb(site.outside), serveWeb(site.inside)])
  })
  after(() => site?.remove())

  it('shows hosts inside by its own address', { skip: skipWithout('curl') }, async () => {
    assert.match(await site.inside.shell('curl -s -m 60 http://10.97.2.2/who'), /10\.97\.2\.1$/m)
  })

  it('carries a page bit for bit', { skip: skipWithout('curl') }, async () => {
    const size = await site.inside.shell(`curl -s -m ${PATIENCE_S} http://10.97.2.2/ | tr -d -c x | wc -c`)
    assert.equal(Number(size), LENGTH)
  })

  it('leads by a forwarded port inside', { skip: skipWithout('curl') }, async () => {
    assert.match(await site.outside.shell('curl -s -m 60 http://10.97.2.1:8080/who'), /10\.97\.2\.2$/m)
    // Hosts inside reach it by the same name.
    assert.match(await site.inside.shell('curl -s -m 60 http://10.97.2.1:8080/who'), /10\.97\.2\.1$/m)
  })

  it('is pinged through, and traced', {
    skip: skipWithout('traceroute') || skipWithout('ping'),
  }, async () => {
    assert.match(await site.inside.shell('ping -c 3 -i 0.1 -W 60 -s 4000 10.97.2.2'), / 0% packet loss/)
    const trace = await site.inside.shell('traceroute -n -q 2 -w 60 -m 4 10.97.2.2')
    assert.match(trace, /^ 1 {2}10\.97\.1\.1 [^]*^ 2 {2}10\.97\.2\.2 /m)
  })

  it('knows no way inside for those who begin outside', { skip: skipWithout('ping') }, async () => {
    await site.outside.run('ip', 'route', 'add', '10.97.1.0/24', 'via', '10.97.2.1')
    assert.match(await site.outside.shell('ping -c 1 -W 1 10.97.1.2'), /100% packet loss/)
  })
})

describe('a firewall between two kernels', { skip: missing() }, () => {
  let site: Rig
  before(async () => {
    site = await rig('filter')
    await Promise.all([serveWeb(site.outside), serveWeb(site.inside)])
  })
  after(() => site?.remove())

  it('lets out, and lets answers in', { skip: skipWithout('curl') }, async () => {
    assert.match(await site.inside.shell('curl -s -m 60 http://10.97.2.2/who'), /10\.97\.1\.2$/m)
  })

  it('lets nobody in, but where a rule does', {
    skip: skipWithout('curl') || skipWithout('ping'),
  }, async () => {
    assert.match(await site.outside.shell('curl -s -m 1 -w "%{errormsg}" http://10.97.1.2/who'), /timed out/)
    assert.match(await site.outside.shell('ping -c 1 -W 60 10.97.1.2'), / 0% packet loss/)
  })

  it('tells who may not leave', { skip: skipWithout('curl') }, async () => {
    assert.match(await site.inside.shell('curl -s -m 60 -w "%{errormsg}" http://10.97.2.2:81/'), /to connect/)
  })
})

describe('a trace of ours', { skip: missing() }, () => {
  it('shows a kernel that forwards, and a kernel where it ends', async () => {
    const router = await linuxHost({ addresses: ['10.97.3.1/24'], settings: { 'ipv4/ip_forward': '1' } })
    const random = connectRandom()
    assert.ok(random.ok)
    const own = { cidr: { address: address('10.97.3.2'), prefixLength: 24 }, gateway: address('10.97.3.1') }
    const stack = connect({ net: router.cable, clock, random: random.value }, own)
    const far = await Namespace.create()
    const lines: string[] = []
    setReporter((source, _level, message) => source === 'traceroute' && lines.push(message))
    try {
      // A second namespace behind the first.
      const veth = ['link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1', 'netns', far.name]
      router.namespace.call('ip', ...veth)
      router.namespace.call('ip', 'addr', 'add', '10.97.4.1/24', 'dev', 'v0')
      router.namespace.call('ip', 'link', 'set', 'v0', 'up')
      far.call('ip', 'addr', 'add', '10.97.4.2/24', 'dev', 'v1')
      far.call('ip', 'link', 'set', 'v1', 'up')
      far.call('ip', 'route', 'add', 'default', 'via', '10.97.4.1')
      const settings = { hops: 5, probes: 3, window: 3, wait: 60, size: 60 }
      const ended = await traceroute(
        { clock, random: random.value, stack },
        { target: address('10.97.4.2'), ...settings },
      )
      assert.ok(ended.ok)
      assert.match(
        lines.slice(1).join('\n'),
        /^ 1 {2}10\.97\.3\.1 {2}(\S+ ms ?){1,3}[^]*\n 2 {2}10\.97\.4\.2 {2}\S+ ms/,
      )
      lines.length = 0
      // A kernel says no more often than once a second that it knows no way.
      const away = { ...settings, target: address('192.0.2.1'), probes: 1 }
      await traceroute({ clock, random: random.value, stack }, away)
      assert.match(lines.slice(1).join('\n'), /^ 1 {2}10\.97\.3\.1 {2}\S+ ms !N/)
    } finally {
      setReporter(() => {})
      stack.disconnect()
      far.remove()
      router.remove()
    }
  })
})
