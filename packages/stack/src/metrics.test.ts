import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import { manual } from '@mirage/clock/manual'
import type { Counts, Metric } from '@mirage/metrics'
import { emit } from '@mirage/metrics/prometheus'
import { pair } from '@mirage/net/pair'
import { seeded } from '@mirage/random/seeded'
import * as tcp from '@mirage/tcp/connect'
import * as layers from './layers.ts'
import { connect } from './stack.ts'

describe('the metrics of a stack', () => {
  it('have every drop of every layer, by its reason', () => {
    const needs = { net: pair().a, clock: manual(), random: seeded(1) }
    const below = layers.connect(needs, {})
    const all: Record<string, Counts> = {
      ...below.drops,
      tcp: tcp.connect({ ...below, ...needs, ip: below.both }).counters.drops,
    }
    assert.ok('bad-extension' in all['ipv6']! && 'bad-checksum' in all['icmpv6']!, 'IPv6 is one of them')
    assert.deepEqual(
      Object.keys(below.drops).sort(),
      [
        'ethernet',
        'icmpv6',
        ...Object.keys(below).filter((name) => !['drops', 'both'].includes(name)),
      ].sort(),
      'every layer is counted',
    )
    const metrics = connect({ ...needs, net: pair().a }, undefined, {}).metrics()
    for (const [layer, counts] of Object.entries(all)) {
      for (const reason of Object.keys(counts)) assert.equal(valueOf(metrics, { layer, reason }), 0)
    }
  })

  it('grow where something is dropped, and with what the device carries', () => {
    const { stack, send } = two()
    send([0, 0], 3)
    send([0x88, 0xb5], 60)
    send([0x08, 0x00], 60)
    send([0x08, 0x06], 20)
    const metrics = stack.metrics()
    const drops: [layer: string, reason: string][] = [
      ['ethernet', 'too-short'],
      ['ethernet', 'unknown-type'],
      ['ip', 'bad-version'],
      ['arp', 'too-short'],
    ]
    for (const [layer, reason] of drops) assert.equal(valueOf(metrics, { layer, reason }), 1, reason)
    assert.equal(valueOf(metrics, { direction: 'in' }, 'mirage_net_frames_total'), 4)
    assert.equal(valueOf(metrics, { direction: 'in' }, 'mirage_net_bytes_total'), 143)
    assert.equal(valueOf(metrics, { event: 'segments-in' }, 'mirage_tcp_total'), 0)
  })

  it('are text that Prometheus reads', () => {
    const lines = emit(two().stack.metrics()).split('\n')
    assert.ok(lines.includes('# TYPE mirage_drops_total counter'))
    assert.ok(lines.includes('mirage_drops_total{layer="udp",reason="no-listener"} 0'))
    assert.ok(lines.every((line) => /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[^{}]*\})? [0-9]+|)$/.test(line)))
  })
})

function two() {
  const cable = pair()
  const stack = connect(
    { net: cable.a, clock: manual(), random: seeded(1) },
    { cidr: { address: ipv4.of(10, 0, 0, 1), prefixLength: 24 } },
  )
  /** A frame of `size` bytes to the stack, which holds nothing but its type. */
  const send = (type: readonly number[], size: number): void => {
    cable.b.write(60, (frame) => {
      mac.write(frame, 0, mac.BROADCAST)
      frame.set(type, 2 * mac.SIZE)
      return size
    })
    cable.deliver()
  }
  return { stack, send }
}

function valueOf(
  metrics: readonly Metric[],
  labels: Readonly<Record<string, string>>,
  name: string = 'mirage_drops_total',
): number | undefined {
  const metric = metrics.find((each) => each.name === name)
  const isIt = (each: Readonly<Record<string, string>>): boolean =>
    Object.entries(labels).every(([label, value]) => each[label] === value)
  return metric?.samples.find((sample) => isIt(sample.labels))?.value
}
