/**
 * Datagrams that the kernel leaves uncut to a TAP device, and those that it cuts for one, in a network namespace where
 * nothing else is. `tap.test.ts` runs it there.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { after, describe, it } from 'node:test'
import * as address from '@mirage/address/ip'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import type { Net, Receive } from '@mirage/net'
import { type Stack, connect as connectStack } from '@mirage/stack'
import { PATIENCE_S, until } from '../../../../test/patience.ts'
import { clock } from '../clock.ts'
import { connect } from '../net.ts'
import { connect as connectRandom } from '../random.ts'

function ip(command: string): void {
  execFileSync('ip', command.split(' '))
}

const KERNEL = { 4: '10.9.9.1', 6: 'fd00:9::1' } as const
const OURS = { 4: ipv4.of(10, 9, 9, 2), 6: ipv6.of(0xfd00, 9, 0, 0, 0, 0, 0, 2) } as const
const PORT = 7000
/** With a last datagram that is shorter. */
const PAYLOAD = new Uint8Array(40 * 1200 + 33).map((_, i) => (i * 7) ^ (i >>> 8))
const SIZE = 1200

/** What our device was handed: how long each frame was, and what was said of its datagrams. */
interface Seen {
  readonly length: number
  readonly segmentSize: number | undefined
}

interface Rig {
  readonly net: Net
  readonly stack: Stack
  readonly seen: Seen[]
}

/** A stack on `net`, whose larger frames are noted. */
function stackOn(net: Net): Rig {
  const seen: Seen[] = []
  const listen = (receive: Receive): void =>
    net.listen((frame, isChecked, segmentSize) => {
      if (frame.length > 1000) seen.push({ length: frame.length, segmentSize })
      receive(frame, isChecked, segmentSize)
    })
  const watched: Net = {
    mac: net.mac,
    mtu: net.mtu,
    counters: net.counters,
    ...(net.offloads === undefined ? {} : { offloads: net.offloads }),
    write: (size, fill, offload, isFilled) => net.write(size, fill, offload, isFilled),
    listen,
    declineOffloads: () => net.declineOffloads?.(),
    resetCounters: () => net.resetCounters(),
    disconnect: () => net.disconnect(),
  }
  const random = connectRandom()
  assert.ok(random.ok)
  const stack = connectStack(
    { net: watched, clock, random: random.value },
    { cidr: { address: OURS[4], prefixLength: 24 } },
    { addresses: [{ address: OURS[6], prefixLength: 64 }], isTrusted: true, acceptsRouters: false },
  )
  after(() => stack.disconnect())
  return { net, stack, seen }
}

async function device(name: string): Promise<Net> {
  const net = await connect({}, { interface: name })
  assert.ok(net.ok, net.ok ? '' : net.error)
  return net.value
}

/** Our stack and the kernel, at the ends of one TAP device. */
async function rig(name: string, suffix = ''): Promise<Rig> {
  const made = stackOn(await device(name + suffix))
  ip(`addr add ${KERNEL[4]}/24 dev ${name}`)
  ip(`addr add ${KERNEL[6]}/64 dev ${name} nodad`)
  ip(`link set ${name} up`)
  // Of its own the kernel asks for a neighbour for three seconds, in which this process may not have had a processor.
  for (const each of [`ipv4.neigh.${name}`, `ipv6.neigh.${name}`])
    execFileSync('sysctl', ['-qw', `net.${each}.mcast_solicit=${PATIENCE_S}`])
  after(() => ip(`addr flush dev ${name}`))
  return made
}

/** A program that writes to us as Linux's UDP_SEGMENT (103, of level 17) has datagrams made of one write. */
const SENDER = `
import socket, sys
family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
sender = socket.socket(family, socket.SOCK_DGRAM)
sender.setsockopt(17, 103, int(sys.argv[3]))
sender.sendto(sys.stdin.buffer.read(), (sys.argv[1], int(sys.argv[2])))
`

async function sendFromKernel(to: string): Promise<void> {
  const child = spawn('python3', ['-c', SENDER, to, String(PORT), String(SIZE)], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  child.stdin.end(PAYLOAD)
  const [status] = await once(child, 'exit')
  assert.equal(status, 0)
}

/** Waits until all datagrams have come to `heard`. */
async function allOf(heard: readonly unknown[]): Promise<void> {
  await until(
    () => `all datagrams, only ${heard.length}`,
    () => heard.length >= 41,
  )
}

function pieces(): Uint8Array[] {
  return Array.from({ length: 41 }, (_, i) => PAYLOAD.slice(i * SIZE, (i + 1) * SIZE))
}

ip('link set lo up')
const probe = await device('tapprobe')
const isKnown = probe.offloads?.datagrams === true
probe.disconnect()
const skip = isKnown ? false : 'needs Linux 6.2 or later, which leaves datagrams uncut'
const hasPython = spawnSync('python3', ['--version']).status === 0

describe('datagrams on a TAP device', { skip }, () => {
  for (const family of [4, 6] as const) {
    const needsPython = hasPython ? false : 'needs python3'
    it(`come uncut from the kernel by IPv${family}, and to their listener one by one`, {
      skip: needsPython,
    }, async () => {
      const { stack, seen } = await rig(`tapin${family}`)
      const heard: Uint8Array[] = []
      stack.udp.listen(PORT, ({ payload }) => heard.push(payload))
      await sendFromKernel(address.format(OURS[family]))
      await allOf(heard)
      assert.deepEqual(heard, pieces())
      const length = (family === 4 ? 42 : 62) + PAYLOAD.length
      assert.deepEqual(seen, [{ length, segmentSize: SIZE }])
      stack.disconnect()
    })

    it(`come as on a wire by IPv${family} to who hands them on`, { skip: needsPython }, async () => {
      const { net, stack, seen } = await rig(`tapwire${family}`)
      net.declineOffloads?.()
      const heard: Uint8Array[] = []
      stack.udp.listen(PORT, ({ payload }) => heard.push(payload))
      await sendFromKernel(address.format(OURS[family]))
      await allOf(heard)
      assert.deepEqual(heard, pieces())
      const length = (family === 4 ? 42 : 62) + SIZE
      assert.deepEqual(
        seen,
        Array.from({ length: 40 }, () => ({ length, segmentSize: undefined })),
      )
      stack.disconnect()
    })

    for (const suffix of ['', ',plain'] as const) {
      const who = suffix === '' ? 'the kernel' : 'us'
      it(`come to a socket of the kernel by IPv${family} as they were meant, cut by ${who}`, async () => {
        const name = `tapo${suffix === '' ? 'k' : 'u'}${family}`
        const { net, stack } = await rig(name, suffix)
        const socket = createSocket(family === 4 ? 'udp4' : 'udp6')
        const heard: Uint8Array[] = []
        socket.on('message', (payload) => heard.push(new Uint8Array(payload)))
        socket.bind(PORT, KERNEL[family])
        await once(socket, 'listening')
        const to = address.parse(KERNEL[family])
        assert.ok(to.ok)
        const where = { address: to.value, port: PORT }
        const written = net.counters.txBytes
        assert.ok(stack.udp.write(where, PAYLOAD, { srcPort: 9, segmentSize: SIZE }).ok)
        await allOf(heard)
        assert.deepEqual(heard, pieces())
        const headers = (family === 4 ? 42 : 62) * (suffix === '' ? 1 : 41)
        assert.ok(net.counters.txBytes - written >= PAYLOAD.length + headers)
        assert.ok(net.counters.txBytes - written < PAYLOAD.length + headers + 500)
        socket.close()
        stack.disconnect()
      })
    }
  }

  it('are the same on the wire, whether the kernel cuts them or we do', async () => {
    const frames = { '': await onWire('c', ''), ',plain': await onWire('d', ',plain') }
    assert.equal(frames[''].length, 41)
    assert.deepEqual(frames[''], frames[',plain'])
  })
})

/** What comes out of a bridge of the kernel's that we send datagrams through, from the header of IP on. */
async function onWire(letter: string, suffix: '' | ',plain'): Promise<Uint8Array[]> {
  const [left, right, bridge] = [`tapl${letter}`, `tapr${letter}`, `bridge${letter}`]
  ip(`link add ${bridge} type bridge mcast_snooping 0`)
  const [net, peer] = [await device(left + suffix), await device(`${right},plain`)]
  for (const each of [left, right]) ip(`link set ${each} master ${bridge}`)
  for (const each of [left, right, bridge]) {
    ip(`link set ${each} addrgenmode none`)
    ip(`link set ${each} up`)
  }
  const frames: Uint8Array[] = []
  peer.listen((frame) => {
    if (frame[12] === 8 && frame[13] === 0 && frame[23] === 17) frames.push(frame.slice(14))
  })
  const { stack } = stackOn(net)
  const to = { address: ipv4.BROADCAST, port: PORT }
  assert.ok(stack.udp.write(to, PAYLOAD, { srcPort: 9, segmentSize: SIZE }).ok)
  await allOf(frames)
  stack.disconnect()
  peer.disconnect()
  for (const frame of frames) {
    // Nobody cuts them further, so that their ids, and what those are in the sum, say nothing: RFC 6864 §4.1.
    assert.equal(frame[6], 0x40)
    frame.fill(0, 4, 6)
    frame.fill(0, 10, 12)
  }
  return frames
}
