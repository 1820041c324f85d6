import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { describe, it } from 'node:test'
import { pathOf } from '@mirage/engine-quickjs/files'
import { PATIENCE_MS } from '../../../test/patience.ts'
import { cannotRun, guestWith, inFolder } from './testing/run.ts'

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'))

/** RFC 826: who has 10.0.0.2, tell 10.0.0.1. */
const ARP_REQUEST = bytes(`ffffffffffff 02000000aa01 0806 0001 0800 06 04 0001
  02000000aa01 0a000001 000000000000 0a000002`)

/** RFC 792: an echo request from 10.0.0.1; its checksum is right, the header's is not looked at. */
const PING = bytes(`02000000bb02 02000000aa01 0800 4500 0020 0001 0000 40 01 0000 0a000001 0a000002
  08 00 6668 0001 0001 6162636465666768`)

const QUIT = bytes(`02000000bb02 02000000aa01 88b5 ${Buffer.from('quit').toString('hex')}`)

const hex = (frame: Uint8Array): string => Buffer.from(frame).toString('hex')

/** The guest `net` on a network of its own. */
async function network(
  use: (send: (frame: Uint8Array) => void, next: () => Promise<string>) => Promise<void>,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'mirage-spt-'))
  const image = guestWith('net', [{ name: 'net0', type: 'NET_BASIC' }], join(folder, 'net.spt'))
  const child = spawn(pathOf('pair'), ['net0', pathOf('spt'), '--net-mac:net0=02:00:00:00:bb:02', image])
  let console_ = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (console_ += text))
  const frames = child.stdout[Symbol.asyncIterator]()
  let received = Buffer.alloc(0)
  const next = async (): Promise<string> => {
    while (received.length < 4 || received.length < 4 + received.readUInt32BE(0)) {
      const { value, done } = (await frames.next()) as { value: Buffer; done?: boolean }
      assert.ok(done !== true, `no frame: ${console_}`)
      received = Buffer.concat([received, value])
    }
    const end = 4 + received.readUInt32BE(0)
    const frame = hex(received.subarray(4, end))
    received = received.subarray(end)
    return frame
  }
  const send = (frame: Uint8Array): void => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(frame.length)
    child.stdin.write(Buffer.concat([length, frame]))
  }
  try {
    await use(send, next)
    send(QUIT)
    // It is closed when all that it said is here, frames too, which nobody wants any more.
    const closed = once(child, 'close') as Promise<[number]>
    while ((await frames.next()).done !== true);
    const [status] = await closed
    assert.equal(status, 0, console_)
    return console_
  } finally {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  }
}

describe('the network of an spt guest', { skip: cannotRun }, () => {
  it('carries frames both ways, and wakes it up', { timeout: PATIENCE_MS }, async () => {
    const said = await network(async (send, next) => {
      const hello = await next()
      assert.equal(hello.length, 120)
      assert.ok(hello.startsWith('ffffffffffff02000000bb0288b5'))
      send(ARP_REQUEST)
      assert.equal(
        await next(),
        hex(
          bytes(
            `02000000aa01 02000000bb02 0806 0001 0800 06 04 0002 02000000bb02 0a000002 02000000aa01 0a000001`,
          ),
        ),
      )
      for (let round = 0; round < 200; round++) {
        send(PING)
        const answer = await next()
        assert.equal(answer.slice(0, 28), '02000000aa0102000000bb020800')
        assert.equal(answer.slice(68, 76), '00006e68')
        assert.equal(answer.slice(84), '6162636465666768')
      }
    })
    assert.match(said, /net0 handle 1\n/)
    assert.match(said, /mtu 1500\n/)
    assert.match(said, /answers 201\nSUCCESS\n$/)
  })

  it('may be a stream, which gets what was sent before the end', { timeout: PATIENCE_MS }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mirage-spt-'))
    const image = guestWith('net', [{ name: 'net0', type: 'NET_BASIC' }], join(folder, 'net.spt'))
    const mac = '--net-mac:net0=02:00:00:00:bb:02'
    const child = spawn(pathOf('spt'), ['--net:net0=stream:3', mac, image], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    try {
      const stream = child.stdio[3] as Duplex
      for (const frame of [PING, PING, PING, QUIT]) {
        const length = Buffer.alloc(4)
        length.writeUInt32BE(frame.length)
        stream.write(Buffer.concat([length, frame]))
      }
      let received = Buffer.alloc(0)
      for await (const part of stream) received = Buffer.concat([received, part as Buffer])
      assert.equal(received.length, 4 + 60 + 3 * (4 + PING.length))
    } finally {
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true })
    }
  })

  it('ends the guest when its stream makes no sense', { timeout: PATIENCE_MS }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mirage-spt-'))
    const image = guestWith('net', [{ name: 'net0', type: 'NET_BASIC' }], join(folder, 'net.spt'))
    const child = spawn(pathOf('spt'), ['--net:net0=stream:3', image], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    try {
      const ended = once(child, 'exit')
      ;(child.stdio[3] as Duplex).write(bytes('ffffffff'))
      assert.deepEqual(await ended, [null, 'SIGTERM'])
    } finally {
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true })
    }
  })

  const hasTap = spawnSync('unshare', ['--net', ...'ip tuntap add tap0 mode tap'.split(' ')]).status === 0
  it('is a TAP interface, with its MTU', { skip: !hasTap && 'needs root, iproute2 and /dev/net/tun' }, () => {
    inFolder((path) => {
      const image = guestWith('net', [{ name: 'net0', type: 'NET_BASIC' }], join(path, 'net.spt'))
      // The kernel asks for the guest's address before it sends a datagram, and remembers the answer.
      const send = `const socket = require('dgram').createSocket('udp4')
        socket.send('x', 7, '10.0.0.2', () => setTimeout(() => socket.close(), 100))`
      const script = `
        ip tuntap add tap0 mode tap && ip address add 10.0.0.1/24 dev tap0 && ip link set tap0 mtu 1400 up
        "$SPT" --net:net0=tap0 --net-mac:net0=02:00:00:00:bb:02 "$IMAGE" & guest=$!
        trap 'kill $guest' EXIT
        until ip neighbour show 10.0.0.2 | grep lladdr; do kill -0 $guest && "$NODE" -e "$SEND" || exit; done
        "$SPT" --net:net0=tap1 "$IMAGE" 2>&1`
      const env = { ...process.env, SPT: pathOf('spt'), IMAGE: image, NODE: process.execPath, SEND: send }
      const options = { encoding: 'utf8', env, timeout: PATIENCE_MS } as const
      const { stdout, status, stderr } = spawnSync('unshare', ['--net', 'sh', '-c', script], options)
      assert.match(stdout, /^mtu 1400$/m, `${status} ${stderr}`)
      assert.match(stdout, /^10\.0\.0\.2 dev tap0 lladdr 02:00:00:00:bb:02 /m)
      assert.match(stdout, /^spt: interface tap1: No such device$/m)
    })
  })
})
