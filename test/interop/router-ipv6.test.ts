import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Filter } from '@mirage/router/filter'
import { type Ipv6Router, connect as connectRouter } from '@mirage/router/ipv6'
import { parse } from '@mirage/router/rules'
import { type Stack, connect } from '@mirage/stack'
import { clock } from '@mirage/target-node/clock'
import { connect as connectRandom } from '@mirage/target-node/random'
import { ipv6Cidr as cidr } from '../../packages/address/src/testing/literals.ts'
import { PATIENCE_S } from '../patience.ts'
import { skipWithout } from '../system.ts'
import { type LinuxHost, linuxHost, missing } from './linux-host.ts'

const LENGTH = 20_000_000
/** A web server in one line: `LENGTH` bytes at every path, and who asks at /who. */
const WEB = `require('http').createServer((q, s) => q.url === '/who'
  ? s.end(q.socket.remoteAddress + '\\n') : s.end(Buffer.alloc(${LENGTH}, 'x'))).listen(80, '::', () => console.log('ready'))`
const INSIDE = 'fd97:1::2'
const OUTSIDE = 'fd97:2::2'
const NOBODY = 'fd97:2::77'

/** Two Linux hosts, and a router of ours between their cables. */
interface Rig {
  readonly inside: LinuxHost
  readonly outside: LinuxHost
  readonly router: Ipv6Router
  remove(): void
}

async function rig(rules: readonly string[] | undefined, mtu = 1500): Promise<Rig> {
  const inside = await linuxHost({ addresses: [`${INSIDE}/64`] })
  const outside = await linuxHost({ addresses: [`${OUTSIDE}/64`], mtu })
  const random = connectRandom()
  assert.ok(random.ok)
  const stack = ({ cable: net }: LinuxHost, at: string): Stack =>
    connect({ net, clock, random: random.value }, undefined, {
      addresses: [cidr(at)],
      isTrusted: true,
      acceptsRouters: false,
    })
  const legs = [stack(inside, 'fd97:1::1/64'), stack(outside, 'fd97:2::1/64')]
  await inside.run('ip', '-6', 'route', 'add', 'default', 'via', 'fd97:1::1')
  await outside.run('ip', '-6', 'route', 'add', 'default', 'via', 'fd97:2::1')
  const filter = new Filter(
    (rules ?? ['allow']).map((text) => {
      const rule = parse(text)
      assert.ok(rule.ok)
      return rule.value
    }),
  )
  const links = legs.flatMap(({ ipv6 }) => (ipv6 === undefined ? [] : [ipv6]))
  const needs = { links, clock, random: random.value }
  const router = connectRouter(needs, rules === undefined ? {} : { outside: 1, filter })
  for (const host of [inside, outside]) {
    await host.spawn(process.execPath, '-e', WEB).prints(/^ready$/m)
  }
  const remove = (): void => {
    for (const leg of legs) leg.disconnect()
    inside.remove()
    outside.remove()
  }
  return { inside, outside, router, remove }
}

describe('a router for IPv6 between two kernels', { skip: missing() }, () => {
  let site: Rig
  before(async () => {
    site = await rig(undefined, 1300)
  })
  after(() => site?.remove())

  it('is pinged through, in fragments too', { skip: skipWithout('ping') }, async () => {
    const lines = ['ping -6 -c 3 -i 0.1 -W 60', 'ping -6 -c 2 -i 0.1 -W 60 -s 20000']
    // The first that is too big is lost, and says to the kernel what is not.
    await site.inside.shell(`ping -6 -c 1 -W 1 -s 20000 ${OUTSIDE}`)
    for (const line of lines) assert.match(await site.inside.shell(`${line} ${OUTSIDE}`), / 0% packet loss/)
    assert.match(await site.outside.shell(`ping -6 -c 2 -i 0.1 -W 60 -s 20000 ${INSIDE}`), / 0% packet loss/)
  })

  it('tells how large a packet may be', { skip: skipWithout('ping') }, async () => {
    assert.match(await site.inside.shell(`ip -6 route get ${OUTSIDE}`), /mtu 1300/)
    assert.ok(site.router.drops['too-big'] > 0)
  })

  it('is a hop of a trace', { skip: skipWithout('traceroute') }, async () => {
    const trace = await site.inside.shell(`traceroute -6 -n -q 2 -w 60 -m 4 ${OUTSIDE}`)
    assert.match(trace, /^ 1 {2}fd97:1::1 [^]*^ 2 {2}fd97:2::2 /m)
  })

  it('says that it knows no way, and that nobody is there', { skip: skipWithout('ping') }, async () => {
    assert.match(await site.inside.shell('ping -6 -c 1 -W 60 2001:db8::1'), /fd97:1::1 .*No route/)
    assert.match(await site.inside.shell(`ping -6 -c 1 -W 60 ${NOBODY}`), /fd97:1::1 .*Address unreachable/)
  })

  it('carries a page bit for bit', { skip: skipWithout('curl') }, async () => {
    const size = await site.inside.shell(`curl -s -m ${PATIENCE_S} http://[${OUTSIDE}]/ | tr -d -c x | wc -c`)
    assert.equal(Number(size), LENGTH)
  })
})

describe('a firewall for IPv6 between two kernels', { skip: missing() }, () => {
  let site: Rig
  before(async () => {
    site = await rig(['reject in tcp to any port 81', 'reject out tcp to any port 81', 'allow in icmp'], 1400)
  })
  after(() => site?.remove())

  it('lets out, and lets answers in', { skip: skipWithout('curl') }, async () => {
    assert.match(await site.inside.shell(`curl -s -m 60 http://[${OUTSIDE}]/who`), /fd97:1::2$/m)
    const size = await site.inside.shell(`curl -s -m ${PATIENCE_S} http://[${OUTSIDE}]/ | tr -d -c x | wc -c`)
    assert.equal(Number(size), LENGTH)
  })

  it('lets nobody in, but where a rule does', {
    skip: skipWithout('curl') || skipWithout('ping'),
  }, async () => {
    const asked = `curl -s -m 1 -w "%{errormsg}" http://[${INSIDE}]/who`
    assert.match(await site.outside.shell(asked), /timed out/)
    assert.match(await site.outside.shell(`ping -6 -c 1 -W 60 ${INSIDE}`), / 0% packet loss/)
    // The first answer is too big for the link outside, of which the kernel inside is told.
    await site.outside.shell(`ping -6 -c 1 -W 1 -s 5000 ${INSIDE}`)
    assert.match(await site.outside.shell(`ping -6 -c 2 -i 0.1 -W 60 -s 5000 ${INSIDE}`), / 0% packet loss/)
  })

  it('tells who may not pass', { skip: skipWithout('curl') }, async () => {
    for (const [from, to] of [
      [site.outside, INSIDE],
      [site.inside, OUTSIDE],
    ] as const)
      assert.match(await from.shell(`curl -s -m 60 -w "%{errormsg}" http://[${to}]:81/`), /to connect/)
  })

  it('lets nobody in who says to be inside', { skip: skipWithout('ping') }, async () => {
    await site.outside.run('ip', 'addr', 'add', 'fd97:1::66/128', 'dev', 'lo')
    const before = site.router.drops.spoofed
    assert.match(
      await site.outside.shell(`ping -6 -I fd97:1::66 -c 2 -i 0.1 -W 1 ${INSIDE}`),
      /100% packet loss/,
    )
    assert.ok(site.router.drops.spoofed > before)
  })
})
