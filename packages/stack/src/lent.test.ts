import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import { format } from '@mirage/bytes/hex'
import { setReporter } from '@mirage/console/logs'
import type { Net } from '@mirage/net'
import { simulate } from '@mirage/simulation'
import { vnetif } from '@mirage/vnetif'
import { type Stack, connect } from './stack.ts'

const A4 = ipv4.of(10, 0, 0, 1)
const B4 = ipv4.of(10, 0, 0, 2)
const A6 = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 1)
const B6 = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 2)
const PAYLOAD = new Uint8Array(4000).map((_, i) => i * 7)

/** `net`, whose buffers hold nothing but `rest` where whoever fills them has said that it writes every byte. */
function soiled(net: Net, rest: number, frames: string[]): Net {
  return {
    mac: net.mac,
    mtu: net.mtu,
    counters: net.counters,
    write: (size, fill, offload, isFilled) =>
      net.write(
        size,
        (frame) => {
          if (isFilled === true) frame.fill(rest)
          const length = fill(frame)
          frames.push(format(frame.subarray(0, length)))
          return length
        },
        offload,
        isFilled,
      ),
    listen: (receive) => net.listen(receive),
    resetCounters: () => net.resetCounters(),
    disconnect: () => net.disconnect(),
  }
}

/** Every frame of two hosts that say of everything something to each other. */
async function frames(rest: number): Promise<readonly string[]> {
  setReporter(() => {})
  const simulation = simulate(1, setImmediate)
  const lan = vnetif({ clock: simulation.clock('lan'), random: simulation.random('lan') })
  const sent: string[] = []
  const host = (name: string, v4: ipv4.Ipv4, v6: ipv6.Ipv6): Stack =>
    connect(
      {
        net: soiled(lan.connect(), rest, sent),
        clock: simulation.clock(name),
        random: simulation.random(name),
      },
      { cidr: { address: v4, prefixLength: 24 } },
      { addresses: [{ address: v6, prefixLength: 64 }] },
    )
  const a = host('a', A4, A6)
  const b = host('b', B4, B6)
  // Until nobody has answered for the addresses of IPv6.
  await simulation.pass(5000)
  for (const address of [B4, B6] as const) {
    b.tcp.listen(7, (flow) => {
      flow.listen(
        (frame, offset, end) => void flow.offer(frame, offset, end),
        () => flow.close(),
      )
    })
    const flow = await simulation.run(a.tcp.connect({ address, port: 7 }))
    assert.ok(flow.ok)
    assert.ok((await simulation.run(flow.value.write(PAYLOAD))).ok)
    for (let left = PAYLOAD.length; left > 0; ) {
      const read = await simulation.run(flow.value.read())
      assert.ok(read.ok && read.value !== 'eof')
      left -= read.value.length
    }
    flow.value.close()
    assert.equal((await simulation.run(a.tcp.connect({ address, port: 8 }))).ok, false)
    b.tcp.unlisten(7)
    // To a port that nobody listens on, in one packet and in fragments; and to a host that is not there.
    a.udp.write({ address, port: 9 }, PAYLOAD.subarray(0, 33), { srcPort: 9 })
    a.udp.write({ address, port: 9 }, PAYLOAD, { srcPort: 9 })
    await simulation.pass(100)
  }
  a.udp.write({ address: ipv4.of(10, 0, 0, 3), port: 9 }, PAYLOAD, { srcPort: 9 })
  a.udp.write({ address: ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 3), port: 9 }, PAYLOAD, { srcPort: 9 })
  a.icmp.echo(B4, { id: 1, sequence: 1, payload: PAYLOAD })
  await simulation.pass(200_000)
  return sent
}

describe('the frames of a stack', () => {
  it('hold nothing of what the device had lent before', async () => {
    const [first, second] = [await frames(0), await frames(0xff)]
    assert.ok(first.length > 80, `${first.length} frames`)
    assert.deepEqual(second, first)
  })
})
