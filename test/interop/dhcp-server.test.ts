/** Our DHCP server with the clients that people have: udhcpc and ISC's dhclient. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import { pings } from '@mirage/dhcp/pings'
import { type RunningServer, serve } from '@mirage/dhcp/serve'
import type { Config } from '@mirage/dhcp/server'
import { type ManualClock, manual } from '@mirage/clock/manual'
import type { Kv } from '@mirage/kv'
import { memory } from '@mirage/kv/memory'
import { type Stack, connect } from '@mirage/stack'
import { connect as connectRandom } from '@mirage/target-node/random'
import { PATIENCE_S, TEST_MS, until } from '../patience.ts'
import { skipWithout } from '../system.ts'
import { goOn, lent } from './lent.ts'
import { type LinuxHost, linuxHost, missing } from './linux-host.ts'

const address = (last: number): Ipv4 => ipv4.of(10, 97, 0, last)
const CONFIG: Config = {
  cidr: { address: address(1), prefixLength: 24 },
  ranges: [{ first: address(100), last: address(102) }],
  gateway: address(1),
  dnsServers: [address(8), address(9)],
  ntpServers: [address(7)],
  domainName: 'example.org',
  searchList: ['a.example', 'b.example'],
  mtu: 1400,
  leaseTime: 600,
}

/** What a client's script is called with: its environment, for the test to read. */
const SCRIPT = '#!/bin/sh\n(echo "event=$1"; env) > "$0.$$" && mv "$0.$$" "$0.${1:-$reason}"\n'

/** A server of ours, and a host with clients. */
class Rig {
  readonly folder: string = fs.mkdtempSync(path.join(os.tmpdir(), 'mirage-dhcp-'))
  readonly host: LinuxHost
  readonly clock: ManualClock = manual()
  readonly store: Kv = memory({ clock: this.clock })
  readonly #standStill = goOn(this.clock)
  stack: Stack | undefined
  server: RunningServer | undefined

  constructor(host: LinuxHost) {
    this.host = host
    fs.writeFileSync(this.script, SCRIPT, { mode: 0o755 })
  }

  get script(): string {
    return path.join(this.folder, 'script')
  }

  /** Starts the server, again, on the leases that it stored. */
  async serve(change: Partial<Config> = {}): Promise<RunningServer> {
    this.stop()
    const random = connectRandom()
    assert.ok(random.ok)
    const { clock } = this
    const needs = { net: lent(this.host.cable), clock, random: random.value }
    this.stack = connect(needs, { cidr: CONFIG.cidr })
    const devices = {
      udp: this.stack.udp,
      clock,
      leases: this.store,
      prober: pings(this.stack.icmp, random.value),
    }
    const server = await serve(devices, { ...CONFIG, ...change })
    assert.ok(server.ok)
    this.server = server.value
    return server.value
  }

  /** What the script was told on `event`. */
  told(event: string): Readonly<Record<string, string>> {
    const file = fs.readFileSync(`${this.script}.${event}`, 'utf8')
    return Object.fromEntries(
      file.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    )
  }

  /** One lease for udhcpc, and what its script was told. */
  async udhcpc(...options: readonly string[]): Promise<Readonly<Record<string, string>>> {
    const always = ['-f', '-n', '-q', '-t', '40', '-T', '3', '-i', this.host.name, '-s', this.script]
    await this.host.run('udhcpc', ...always, ...options)
    return this.told('bound')
  }

  /** One lease for dhclient, which remembers it; its log, and what its script was told. */
  async dhclient(
    event: string,
  ): Promise<{ readonly log: string; readonly told: Readonly<Record<string, string>> }> {
    const files = ['-lf', `${this.folder}/dhclient.leases`, '-pf', `${this.folder}/dhclient.pid`]
    const line = ['dhclient', '-4', '-d', '-1', '-v', '-cf', `${this.folder}/dhclient.conf`, ...files]
    fs.writeFileSync(
      `${this.folder}/dhclient.conf`,
      `timeout ${PATIENCE_S};\nreboot ${PATIENCE_S};\n` +
        'request subnet-mask, routers, domain-name-servers, domain-search, interface-mtu;\n',
    )
    const client = this.host.spawn(
      'sh',
      '-c',
      `exec ${line.join(' ')} -sf ${this.script} ${this.host.name} 2>&1`,
    )
    // It says so when its script has been told, and the lease is in its file. Then it stays for the renewal, and is ended
    // as if the power failed.
    await client.prints(/^bound to /m)
    client.process.kill('SIGKILL')
    await client.end
    const log = client.output
    return { log, told: this.told(event) }
  }

  stop(): void {
    this.server?.disconnect()
    this.stack?.disconnect()
  }

  remove(): void {
    this.stop()
    this.#standStill()
    this.host.remove()
    fs.rmSync(this.folder, { recursive: true })
  }
}

function promise(title: string, check: (rig: Rig) => Promise<void>): void {
  it(title, { timeout: TEST_MS }, async () => {
    const rig = new Rig(await linuxHost({ addresses: [] }))
    try {
      await rig.serve()
      await check(rig)
    } finally {
      rig.remove()
    }
  })
}

describe('udhcpc and our DHCP server', { skip: missing() || skipWithout('udhcpc'), concurrency: 3 }, () => {
  promise('agree on an address and everything besides', async (rig) => {
    const told = await rig.udhcpc('-O', 'search', '-O', 'ntpsrv', '-O', 'mtu')
    const { ip, mask, router, dns, domain, search, ntpsrv, mtu, lease, serverid } = told
    assert.deepEqual(
      { ip, mask, router, dns, domain, search, ntpsrv, mtu, lease, serverid },
      {
        ip: '10.97.0.100',
        mask: '24',
        router: '10.97.0.1',
        dns: '10.97.0.8 10.97.0.9',
        domain: 'example.org',
        search: 'a.example b.example',
        ntpsrv: '10.97.0.7',
        mtu: '1400',
        lease: '600',
        serverid: '10.97.0.1',
      },
    )
  })

  promise(
    'agree on the address that it asks for, and on the same again after a restart of both',
    async (rig) => {
      assert.equal((await rig.udhcpc('-r', '10.97.0.102'))['ip'], '10.97.0.102')
      const server = await rig.serve()
      assert.equal(server.entries.size, 1)
      assert.equal((await rig.udhcpc())['ip'], '10.97.0.102')
    },
  )

  promise('leave an address alone that somebody has without a lease', async (rig) => {
    await rig.host.run('ip', 'addr', 'add', '10.97.0.100/24', 'dev', rig.host.name)
    assert.equal((await rig.udhcpc())['ip'], '10.97.0.101')
    assert.equal(rig.server?.entries.get(address(100))?.kind, 'declined')
  })

  promise('renew when asked, and release at the end', async (rig) => {
    const line = `exec udhcpc -f -R -t 40 -T 3 -i ${rig.host.name} -s ${rig.script} 2>/dev/null`
    const child = rig.host.spawn('sh', '-c', line)
    const event = (name: string): Promise<void> =>
      until(
        () => `${name}: ${child.output}`,
        () => fs.existsSync(`${rig.script}.${name}`),
      )
    await event('bound')
    // Its renewal is unicast, from the address that it has.
    await rig.host.run('ip', 'addr', 'add', `${rig.told('bound')['ip']}/24`, 'dev', rig.host.name)
    const before = rig.server!.entries.get(address(100))!.until
    rig.clock.advance(1000)
    child.process.kill('SIGUSR1')
    await event('renew')
    assert.ok(rig.server!.entries.get(address(100))!.until > before)
    child.process.kill('SIGTERM')
    await until(
      () => 'a release',
      () => rig.server!.entries.get(address(100))!.until <= rig.clock.now(),
    )
    // Its script writes to the end into what is removed then.
    await child.end
  })

  promise('know a host by its hardware, and tell it its name', async (rig) => {
    const [, text] = /link\/ether (\S+)/.exec(await rig.host.run('ip', 'link', 'show', rig.host.name))!
    const of = mac.parse(text!)
    assert.ok(of.ok)
    await rig.serve({ hosts: [{ mac: of.value, address: address(7), hostname: 'bob' }] })
    const { ip, hostname } = await rig.udhcpc('-O', 'hostname')
    assert.deepEqual({ ip, hostname }, { ip: '10.97.0.7', hostname: 'bob' })
  })
})

const skipDhclient = missing() || skipWithout('dhclient')

describe('dhclient and our DHCP server', { skip: skipDhclient, concurrency: 3 }, () => {
  promise('agree, and by one exchange when it starts again', async (rig) => {
    const { told } = await rig.dhclient('BOUND')
    assert.equal(told['new_ip_address'], '10.97.0.100')
    assert.equal(told['new_routers'], '10.97.0.1')
    assert.equal(told['new_domain_search'], 'a.example. b.example.')
    assert.equal(told['new_interface_mtu'], '1400')
    assert.equal(told['new_dhcp_lease_time'], '600')
    const again = await rig.dhclient('REBOOT')
    assert.match(again.log, /DHCPREQUEST for 10\.97\.0\.100/)
    assert.match(again.log, /DHCPACK of 10\.97\.0\.100/)
    assert.doesNotMatch(again.log, /DHCPDISCOVER/)
  })

  promise('agree on another address when that of before is not to be had any more', async (rig) => {
    await rig.dhclient('BOUND')
    await rig.serve({ ranges: [{ first: address(200), last: address(201) }] })
    fs.rmSync(`${rig.script}.BOUND`)
    const { log, told } = await rig.dhclient('BOUND')
    assert.match(log, /DHCPNAK from 10\.97\.0\.1/)
    assert.equal(told['new_ip_address'], '10.97.0.200')
  })
})
