/** Our DHCP client against dnsmasq, by what that says in its log. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { type DhcpOptions, type Stack, connectDhcp } from '@mirage/stack'
import { connect as connectRandom } from '@mirage/target-node/random'
import type { Child } from '../child.ts'
import { TEST_MS, until } from '../patience.ts'
import { skipWithout } from '../system.ts'
import { goOn, lent } from './lent.ts'
import { type LinuxHost, linuxHost, missing } from './linux-host.ts'

const OPTIONS = [
  '--keep-in-foreground',
  '--conf-file=',
  '--pid-file=',
  '--port=0',
  '--user=root',
  '--log-dhcp',
  '--dhcp-authoritative',
  '--no-ping',
  '--dhcp-sequential-ip',
  '--dhcp-range=10.98.0.100,10.98.0.101,2m',
  '--domain=example.org',
  '--dhcp-option=26,1400',
  '--dhcp-option=option:ntp-server,10.98.0.7',
  '--dhcp-option=option:dns-server,10.98.0.8',
  '--dhcp-option=option:domain-search,a.example,b.example',
]

/** A host with dnsmasq, which leases 10.98.0.100 and 10.98.0.101 for its shortest time, two minutes. */
class Lessor {
  readonly host: LinuxHost
  readonly #folder: string
  #server: Child | undefined

  private constructor(host: LinuxHost) {
    this.host = host
    this.#folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mirage-dnsmasq-'))
  }

  static async create(): Promise<Lessor> {
    const lessor = new Lessor(await linuxHost({ addresses: ['10.98.0.1/24'] }))
    await lessor.start()
    return lessor
  }

  /** Starts the server, again. */
  async start(): Promise<void> {
    const before = this.log.length
    const files = [`--log-facility=${this.#folder}/log`, `--dhcp-leasefile=${this.#folder}/leases`]
    this.#server = this.host.spawn('dnsmasq', `--interface=${this.host.name}`, ...files, ...OPTIONS)
    await this.says(/started/, before)
  }

  /** Ends the server, whose leases stay in its file. */
  async stop(): Promise<void> {
    this.#server?.process.kill('SIGKILL')
    await this.#server?.end
  }

  /** Waits until its kernel has had a datagram for which nobody was there. */
  async hearsNothing(): Promise<void> {
    const noPorts = async (): Promise<number> => {
      const [names = [], values = []] = (await this.host.run('cat', '/proc/net/snmp'))
        .split('\n')
        .filter((line) => line.startsWith('Udp: '))
        .map((line) => line.split(' '))
      return Number(values[names.indexOf('NoPorts')])
    }
    await until(
      () => 'a datagram for nobody',
      async () => (await noPorts()) > 0,
    )
  }

  get log(): string {
    const file = path.join(this.#folder, 'log')
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
  }

  /** The kinds of messages that it heard and said, in order. */
  get messages(): readonly string[] {
    return Array.from(this.log.matchAll(/ DHCP([A-Z]+)\(/g), ([, kind]) => kind!)
  }

  /** Waits until the log has `pattern`, from `offset` on. */
  async says(pattern: RegExp, offset = 0): Promise<void> {
    await until(
      () => `${pattern} in\n${this.log}`,
      () => pattern.test(this.log.slice(offset)),
    )
  }

  /** A client on the other end of its cable, for which time stands still unless the test moves it: nothing is late. */
  connect(options: DhcpOptions = {}, clock: ManualClock = manual()): Promise<Stack> {
    const random = connectRandom()
    assert.ok(random.ok)
    return connectDhcp({ net: lent(this.host.cable), clock, random: random.value }, options)
  }

  remove(): void {
    this.host.remove()
    fs.rmSync(this.#folder, { recursive: true })
  }
}

/** What `told` comes to, while `clock` goes on so many times as fast as time does here. */
async function passing<T>(clock: ManualClock, pace: number, told: Promise<T>): Promise<T> {
  const stop = goOn(clock, pace)
  try {
    return await told
  } finally {
    stop()
  }
}

const skip = missing() || skipWithout('dnsmasq')

describe('our DHCP client and dnsmasq', { skip, concurrency: 3 }, () => {
  const promise = (title: string, check: (lessor: Lessor) => Promise<void>): void => {
    it(title, { timeout: TEST_MS }, async () => {
      const lessor = await Lessor.create()
      try {
        await check(lessor)
      } finally {
        lessor.remove()
      }
    })
  }

  promise('agree on an address and everything besides, and the address works', async (lessor) => {
    const stack = await lessor.connect({ hostname: 'alice' })
    const { renew: _, rebind: __, expires: ___, ...lease } = stack.lease!
    assert.deepEqual(lease, {
      address: ipv4.of(10, 98, 0, 100),
      prefixLength: 24,
      gateway: ipv4.of(10, 98, 0, 1),
      dnsServers: [ipv4.of(10, 98, 0, 8)],
      ntpServers: [ipv4.of(10, 98, 0, 7)],
      hostname: 'alice',
      domainName: 'example.org',
      searchList: ['a.example', 'b.example'],
      mtu: 1400,
      server: ipv4.of(10, 98, 0, 1),
    })
    assert.equal(stack.ip.mtu(ipv4.of(10, 98, 0, 1)), 1380)
    assert.match(await lessor.host.run('ping', '-c', '1', '-W', '60', '10.98.0.100'), / 0% packet loss/)
    assert.deepEqual(lessor.messages, ['DISCOVER', 'OFFER', 'REQUEST', 'ACK'])
    stack.disconnect()
    await lessor.says(/DHCPRELEASE\(\S+\) 10\.98\.0\.100 /)
  })

  promise('renew a lease at half of its time', async (lessor) => {
    const clock = manual()
    const stack = await lessor.connect({}, clock)
    const { renew, expires } = stack.lease!
    const renewed = new Promise<void>((resolve) => stack.onLease(() => resolve()))
    clock.advance(renew - clock.now())
    await renewed
    assert.deepEqual(lessor.messages, ['DISCOVER', 'OFFER', 'REQUEST', 'ACK', 'REQUEST', 'ACK'])
    assert.ok(stack.lease!.expires >= expires + 60_000)
    stack.disconnect()
  })

  promise('find each other again when the server was away, before the lease ends', async (lessor) => {
    const clock = manual()
    const stack = await lessor.connect({}, clock)
    const { renew, rebind, expires } = stack.lease!
    await lessor.stop()
    // Nobody hears the question of T1, which comes when ARP has its answer. Whoever is there at T2 is asked by broadcast.
    clock.advance(renew + 1000 - clock.now())
    await lessor.hearsNothing()
    await lessor.start()
    const renewed = new Promise<void>((resolve) => stack.onLease(() => resolve()))
    clock.advance(rebind - clock.now())
    await renewed
    assert.ok(stack.lease!.expires > expires)
    assert.deepEqual(lessor.messages, ['DISCOVER', 'OFFER', 'REQUEST', 'ACK', 'REQUEST', 'ACK'])
    stack.disconnect()
  })

  promise('agree by one exchange on the address of before', async (lessor) => {
    const before = await lessor.connect({ keepsLease: true })
    const { address } = before.lease!
    before.disconnect()
    const after = await lessor.connect({ before: address })
    assert.equal(after.lease!.address, address)
    assert.deepEqual(lessor.messages, ['DISCOVER', 'OFFER', 'REQUEST', 'ACK', 'REQUEST', 'ACK'])
    after.disconnect()
  })

  promise('agree on another address when that of before is of another network', async (lessor) => {
    const clock = manual()
    const connecting = lessor.connect({ before: ipv4.of(192, 168, 7, 7) }, clock)
    await lessor.says(/DHCPNAK/)
    // A second later the client begins anew. Then nothing is late any more, however long the server takes.
    const { counters } = lessor.host.cable
    const before = counters.txFrames
    const begun = until(
      () => 'a new beginning',
      () => counters.txFrames > before,
    )
    await passing(clock, 1, begun)
    const stack = await connecting
    assert.equal(stack.lease!.address, ipv4.of(10, 98, 0, 100))
    assert.deepEqual(lessor.messages, ['REQUEST', 'NAK', 'DISCOVER', 'OFFER', 'REQUEST', 'ACK'])
    stack.disconnect()
  })

  for (const isCautious of [false, true]) {
    const how = isCautious ? 'before it is used' : 'as soon as it is used'
    promise(`decline an address that somebody has, ${how}, for the next one`, async (lessor) => {
      // ARP answers for every address of a host, on all of its interfaces.
      await lessor.host.run('ip', 'addr', 'add', '10.98.0.100/32', 'dev', 'lo')
      const clock = manual()
      const connecting = lessor.connect({ isCautious }, clock)
      // Probes take seconds, and who has declined an address waits for ten.
      const stack = await passing(clock, 20, connecting)
      await passing(clock, 20, lessor.says(/DHCPACK\(\S+\) 10\.98\.0\.101 /))
      assert.match(lessor.log, /DHCPDECLINE\(\S+\) 10\.98\.0\.100 /)
      const hasNext = (): boolean => stack.lease?.address === ipv4.of(10, 98, 0, 101)
      await passing(
        clock,
        20,
        until(() => 'the next address', hasNext),
      )
      stack.disconnect()
    })
  }
})
