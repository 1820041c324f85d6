import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import { setReporter } from '@mirage/console/logs'
import type { Random } from '@mirage/random'
import { type Stack, connect } from '@mirage/stack'
import { clock } from '@mirage/target-node/clock'
import { connect as connectRandom } from '@mirage/target-node/random'
import { address } from '../../packages/address/src/testing/literals.ts'
import { start as iperf } from '../../unikernels/device-usage/iperf/unikernel.ts'
import { start as ping } from '../../unikernels/device-usage/ping/unikernel.ts'
import { start as traceroute } from '../../unikernels/device-usage/traceroute/unikernel.ts'
import { skipWithout } from '../system.ts'
import { type LinuxHost, linuxHost, missing } from './linux-host.ts'

const KERNEL = ['10.96.0.1', 'fd96::1'] as const
const OURS = ['10.96.0.2', 'fd96::2'] as const

const FAST = { interval: 0.05, wait: 60, ttl: 64, size: 56, count: 3 }
const IPERF = {
  port: 5201,
  oneOff: true,
  interval: 0,
  udp: false,
  reverse: false,
  parallel: 1,
  time: 1,
  bytes: 0,
  blocks: 0,
  bandwidth: undefined,
  length: 0,
  client: undefined,
}

describe('unikernels and a kernel', { skip: missing() }, () => {
  let host: LinuxHost
  let stack: Stack
  let random: Random
  const lines: string[] = []
  before(async () => {
    host = await linuxHost({
      addresses: KERNEL.map((each, index) => `${each}/${index === 0 ? 24 : 64}`),
      hasOffloads: true,
    })
    const made = connectRandom()
    assert.ok(made.ok)
    random = made.value
    const cidr6 = ipv6.parseCidr(`${OURS[1]}/64`)
    assert.ok(cidr6.ok)
    const config = { cidr: { address: ipv4.of(10, 96, 0, 2), prefixLength: 24 } }
    stack = connect({ net: host.cable, clock, random }, config, { addresses: [cidr6.value], isTrusted: true })
    setReporter((_source, _level, message) => lines.push(message))
  })
  after(() => {
    setReporter(() => {})
    stack?.disconnect()
    host?.remove()
  })

  for (const [family, at] of KERNEL.entries()) {
    const ours = OURS[family]!
    it(`ping ${at}, with 20,000 bytes too`, async () => {
      lines.length = 0
      for (const size of [56, 20_000]) {
        const ended = await ping({ clock, random, stack }, { ...FAST, size, target: address(at) })
        assert.ok(ended.ok, lines.join('\n'))
      }
      assert.equal(lines.filter((line) => line.startsWith('3 sent, 3 received, 0% lost')).length, 2)
    })

    it(`find the way to ${at}`, async () => {
      lines.length = 0
      const settings = { hops: 5, probes: 2, window: 4, wait: 60, size: 60 }
      const ended = await traceroute({ clock, random, stack }, { target: address(at), ...settings })
      assert.ok(ended.ok, lines.join('\n'))
      assert.match(lines.join('\n'), new RegExp(`^ 1  ${at}  \\S+ ms  \\S+ ms$`, 'm'))
    })

    it(`are measured by iperf3 at ${ours}, and measure it`, { skip: skipWithout('iperf3') }, async () => {
      for (const [least, ...words] of [
        [20_000_000, '-n', '20M'],
        [20_000_000, '-n', '20M', '-R', '-P', '3'],
        // No more than a socket of the kernel holds: its reader may have no processor while they come.
        [80_000, '-u', '-b', '20M', '-n', '80K', '-l', '1200', '-R'],
      ] as const) {
        const serving = iperf({ clock, random, stack }, IPERF)
        const json = await host.run('iperf3', '-c', ours, '-J', ...words)
        const { end } = JSON.parse(json) as { end: Record<string, { bytes: number }> }
        assert.ok((end['sum_received'] ?? end['sum'])!.bytes >= least, json)
        assert.ok((await serving).ok)
        stack.tcp.unlisten(5201)
        stack.udp.unlisten(5201)
      }
      for (const reverse of [false, true]) {
        const server = host.spawn('iperf3', '-s', '-1', '-B', at, '--forceflush')
        await server.prints(/listening/)
        lines.length = 0
        const ended = await iperf(
          { clock, random, stack },
          { ...IPERF, client: address(at), reverse, bytes: 20_000_000, time: 0 },
        )
        assert.ok(ended.ok, lines.join('\n'))
        assert.match(
          lines.join('\n'),
          /MBytes .* sent[^]*MBytes .* received|MBytes .* received[^]*MBytes .* sent/,
        )
      }
    })
  }
})
