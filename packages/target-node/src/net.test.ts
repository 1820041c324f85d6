import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type Server, type Socket, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import * as mac from '@mirage/address/mac'
import type { Net } from '@mirage/net'
import { netContract } from '@mirage/net/contract'
import { connect } from './net.ts'

const folder = mkdtempSync(join(tmpdir(), 'mirage-net-'))
const servers: Server[] = []
after(() => {
  for (const server of servers) server.close()
  rmSync(folder, { recursive: true })
})
let paths = 0

/** A socket that devices connect to, and what happens to each that does. */
async function listen(onSocket: (socket: Socket) => void): Promise<string> {
  const path = join(folder, String(paths++))
  const server = createServer(onSocket).listen(path)
  servers.push(server)
  await once(server, 'listening')
  return path
}

async function connected(path: string): Promise<Net> {
  const net = await connect({}, { interface: `unix:${path}` })
  assert.ok(net.ok, net.ok ? '' : net.error)
  return net.value
}

/** Each hop between two sockets of this process takes a turn of the event loop: these are many more. */
async function turns(): Promise<void> {
  for (let i = 0; i < 50; i++) await setImmediate()
}

/** The first `length` bytes that come out of `socket`, however they are cut. */
async function received(socket: Socket, length: number): Promise<readonly number[]> {
  const bytes: number[] = []
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    bytes.push(...(chunk as Buffer))
    if (bytes.length >= length) break
  }
  return bytes
}

netContract('the network device of Node', async () => {
  const sockets: Socket[] = []
  const path = await listen((socket) => {
    socket.on('error', () => {})
    const [other] = sockets
    sockets.push(socket)
    if (other !== undefined) other.pipe(socket).pipe(other)
  })
  const [a, b] = [await connected(path), await connected(path)]
  after(() => {
    a.disconnect()
    b.disconnect()
  })
  return { a, b, arrived: turns }
})

describe('the network device of Node', () => {
  it('holds what arrives before somebody listens', async () => {
    const sockets: Socket[] = []
    const path = await listen((socket) => sockets.push(socket))
    const net = await connected(path)
    await turns()
    for (const byte of [7, 8]) {
      sockets[0]!.write(Uint8Array.of(0, 0, 0, 1, byte))
      await turns()
    }
    const received: number[] = []
    net.listen((frame) => received.push(frame[0]!))
    await turns()
    net.disconnect()
    assert.deepEqual(received, [7, 8])
  })

  it('is disconnected when the other end goes away', async () => {
    const path = await listen((socket) => socket.destroy())
    const net = await connected(path)
    await turns()
    assert.deepEqual(
      net.write(60, () => 60),
      { ok: false, error: 'disconnected' },
    )
  })

  it('has an address of its own, which is no group', async () => {
    const path = await listen(() => {})
    const [a, b] = [await connected(path), await connected(path)]
    assert.notEqual(a.mac, b.mac)
    assert.match(mac.format(a.mac), /^02:50:/)
    a.disconnect()
    b.disconnect()
  })

  it('speaks through a socket that it was started with', async () => {
    const source = `
      import { connect } from ${JSON.stringify(new URL('./net.ts', import.meta.url).href)}
      const net = await connect({}, { interface: 'fd:3' })
      net.value.listen((frame) => {
        net.value.write(60, (lent) => { lent.set(frame); return frame.length })
        net.value.disconnect()
      })`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    })
    const socket = child.stdio[3] as Socket
    socket.write(Uint8Array.of(0, 0, 0, 2, 7, 8))
    const ended = once(child, 'exit')
    assert.deepEqual(await received(socket, 6), [0, 0, 0, 2, 7, 8])
    assert.deepEqual(await ended, [0, null])
  })

  it('ends the process when whoever started it with the socket is gone', async () => {
    const source = `
      import { connect } from ${JSON.stringify(new URL('./net.ts', import.meta.url).href)}
      const net = await connect({}, { interface: 'fd:3' })
      net.value.write(1, () => 1)
      setInterval(() => {}, 10_000)`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
      stdio: ['ignore', 'inherit', 'ignore', 'pipe'],
    })
    const socket = child.stdio[3] as Socket
    await received(socket, 5)
    socket.destroy()
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM'])
  })

  const refused: [name: string | undefined, reason: RegExp][] = [
    [undefined, /^there is no network interface: start this with mirage run, or name one with --interface$/],
    ['fd:1000', /^--interface=fd:1000: there is no socket of this number; start this with mirage run$/],
    ['fd:x', /^--interface=fd:x: there is no socket of this number/],
    ['unix:/nowhere/at/all', /^--interface=unix:\/nowhere\/at\/all: .*ENOENT/],
    ['eth0', /^--interface=eth0: it is no interface; expected tap:NAME, unix:PATH or fd:N/],
  ]
  for (const [name, reason] of refused) {
    it(`says in one sentence why it cannot be ${name ?? 'without an interface'}`, async () => {
      const net = await connect({}, { interface: name })
      assert.match(net.ok ? '' : net.error, reason)
    })
  }
})
