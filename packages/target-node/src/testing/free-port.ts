/** Ports of this host, for tests that have to name one. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below those that a host gives to whoever asks for any (RFC 6335 §6: from 49152 on; Linux: from 32768 on). */
const [FIRST, COUNT] = [10_000, 20_000]

let next = Math.floor(Math.random() * COUNT)

/** A port that nobody has, neither of TCP nor of UDP. Every call gives another. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + (next++ % COUNT)
    if (await isFree(port)) return port
  }
  throw new Error('the host has no free port')
}

async function isFree(port: number): Promise<boolean> {
  return (await isFreeOfTcp(port)) && isFreeOfUdp(port)
}

async function isFreeOfTcp(port: number): Promise<boolean> {
  const server = createServer().listen(port)
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  await new Promise((resolve) => server.close(resolve))
  return true
}

async function isFreeOfUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4').bind(port)
  try {
    await once(socket, 'listening')
    return true
  } catch {
    return false
  } finally {
    await new Promise<void>((resolve) => socket.close(resolve))
  }
}
