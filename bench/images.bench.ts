/** Machine images: how large they are, what memory they need, how fast they start, and what they carry on spt. */
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { type Socket, createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Stack } from '@mirage/stack'
import type { TcpFlow } from '@mirage/tcp'
import { Machine, run as runMachine } from '../test/images/machine.ts'
import type { Bench } from './bench.ts'
import { ADDRESS, Guest, type Image, build, connected, stackOn } from './guest.ts'
import { sizeOf } from './load.ts'

const STARTS = 15
const CONNECTIONS = 20
const REQUESTS = 4000
const BULK_SIZE = 64 * 1024 * 1024
const IDLE_MS = 3000
/** For each connection, where the memory is measured. */
const PAGES = 10
const MACHINE = { machine: 'microvm,rtc=on', hasDebugExit: false } as const
const REQUEST = new TextEncoder().encode('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')
/** Megabytes. A machine with this much has enough for every image here. */
const MEMORY_MAX = 64

const [HELLO, WEBSITE, BULK] = [
  'tutorial/hello',
  'applications/static-website',
  '../test/images/fixtures/bulk',
]
const images = {
  hello: { spt: await build(HELLO, 'spt'), virtio: await build(HELLO, 'virtio') },
  website: { spt: await build(WEBSITE, 'spt'), virtio: await build(WEBSITE, 'virtio') },
  bulk: await build(BULK, 'spt'),
}

const benches: readonly Bench[] = [
  size('hello', 1.2),
  size('website', 2),
  memory('hello', saysHello, 24),
  memory('website', servesPages, 32),
  {
    what: 'from spawning the spt launcher to the first line of hello',
    unit: 'ms',
    runs: STARTS,
    measure: () => withGuest(images.hello.spt, false, (guest) => guest.said()),
    target: { atMost: 10 },
  },
  {
    what: 'from spawning the spt launcher to the first answered ping of the website: ARP is before it',
    unit: 'ms',
    runs: STARTS,
    measure: () => withGuest(images.website.spt, true, (guest, peer) => guest.pinged(peer!)),
    target: { atMost: 30 },
  },
  {
    what: 'from spawning the spt launcher to the first whole page of the website',
    unit: 'ms',
    runs: STARTS,
    measure: () => withGuest(images.website.spt, true, async (guest, peer) => ask(await connected(peer!))),
    target: { atMost: 60 },
  },
  {
    what: 'TCP out of a guest on spt, in a second of its processor time',
    unit: 'Mbit/s',
    measure: bulk,
    target: { atLeast: 300 },
  },
  {
    what: `pages of the website on spt over ${CONNECTIONS} connections, in a second of its processor time`,
    unit: 'requests/s',
    measure: requests,
    target: { atLeast: 2500 },
  },
  {
    what: 'a processor for the idle website on spt, after a request',
    unit: '%',
    runs: 3,
    measure: idle,
    target: { atMost: 0.5 },
    stop: async () => {
      for (const { spt, virtio } of [images.hello, images.website])
        for (const each of [spt, virtio]) each.remove()
      images.bulk.remove()
    },
  },
]

export default benches

function size(name: 'hello' | 'website', atMost: number): Bench {
  const { spt, virtio } = images[name]
  return {
    what: `the image of ${name}, the larger of spt and virtio`,
    unit: 'MB',
    runs: 1,
    measure: async () => Math.max(...[spt, virtio].map(({ path }) => statSync(path).size)) / 1e6,
    target: { atMost },
  }
}

/** The least memory with which a machine of QEMU's gets as far as `boots` looks. */
function memory(
  name: 'hello' | 'website',
  boots: (memoryMb: number) => Promise<boolean>,
  atMost: number,
): Bench {
  let found: number | undefined
  const search = async (): Promise<number> => {
    let [tooSmall, enough] = [1, MEMORY_MAX]
    while (enough - tooSmall > 1) {
      const middle = (tooSmall + enough) >> 1
      if (await boots(middle)) enough = middle
      else tooSmall = middle
    }
    return enough
  }
  return {
    what: `memory that ${name} needs on virtio, in whole MiB`,
    unit: 'MiB',
    runs: 1,
    measure: async () => (found ??= await search()),
    target: { atMost },
  }
}

async function saysHello(memoryMb: number): Promise<boolean> {
  const devices = ['-device', 'virtio-rng-device']
  const { output } = await runMachine({ ...MACHINE, image: images.hello.virtio.path, memoryMb, devices })
  return output.split('] hello').length === 5
}

/** Whether every one of a crowd gets its pages. */
async function servesPages(memoryMb: number): Promise<boolean> {
  const socket = path.join(path.dirname(images.website.virtio.path), 'network')
  const server = createServer().listen(socket)
  const linked = once(server, 'connection') as Promise<[Socket]>
  const netdev = `stream,id=n,server=off,addr.type=unix,addr.path=${socket}`
  const devices = ['-device', 'virtio-rng-device', '-netdev', netdev, '-device', 'virtio-net-device,netdev=n']
  const image = images.website.virtio.path
  const machine = new Machine({ ...MACHINE, image, memoryMb, devices, commandLine: ADDRESS })
  const peer = stackOn((await linked)[0])
  const served = Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const flow = await connected(peer)
      for (let i = 0; i < PAGES; i++) await ask(flow)
    }),
  ).then(
    () => true,
    () => false,
  )
  const isServed = await Promise.race([served, machine.ended.then(() => false)])
  machine.kill()
  await machine.ended
  peer.disconnect()
  server.close()
  return isServed
}

/** The time from spawning a guest until `until` resolves. */
async function withGuest(
  image: Image,
  networked: boolean,
  until: (guest: Guest, peer: Stack | undefined) => Promise<unknown>,
): Promise<number> {
  const guest = new Guest(image, networked)
  const peer = networked ? guest.peer() : undefined
  try {
    await until(guest, peer)
    return guest.elapsed()
  } finally {
    await guest.end()
    peer?.disconnect()
  }
}

async function bulk(): Promise<number> {
  const guest = new Guest(images.bulk, true)
  const peer = guest.peer()
  try {
    const flow = await connected(peer)
    const before = guest.processor().used
    let length = 0
    while (length < BULK_SIZE) length += (await read(flow)).length
    return (length * 8) / 1e3 / (guest.processor().used - before)
  } finally {
    await guest.end()
    peer.disconnect()
  }
}

async function requests(): Promise<number> {
  const guest = new Guest(images.website.spt, true)
  const peer = guest.peer()
  try {
    const flows = await Promise.all(Array.from({ length: CONNECTIONS }, () => connected(peer)))
    await Promise.all(flows.map(ask))
    const before = guest.processor().used
    let left = REQUESTS
    await Promise.all(
      flows.map(async (flow) => {
        while (left-- > 0) await ask(flow)
      }),
    )
    return (REQUESTS * 1000) / (guest.processor().used - before)
  } finally {
    await guest.end()
    peer.disconnect()
  }
}

async function idle(): Promise<number> {
  const guest = new Guest(images.website.spt, true)
  const peer = guest.peer()
  try {
    await ask(await connected(peer))
    const before = guest.processor().used
    await sleep(IDLE_MS)
    return ((guest.processor().used - before) / IDLE_MS) * 100
  } finally {
    await guest.end()
    peer.disconnect()
  }
}

let pageSize = 0

/** One request, and its response to the end. */
async function ask(flow: TcpFlow): Promise<void> {
  const written = await flow.writeNodelay(REQUEST)
  if (!written.ok) throw new Error(written.error)
  for (let length = 0; length === 0 || length < pageSize; ) {
    const bytes = await read(flow)
    if (pageSize === 0) pageSize = sizeOf(new TextDecoder('latin1').decode(bytes))
    length += bytes.length
  }
}

async function read(flow: TcpFlow): Promise<Uint8Array> {
  const read = await flow.read()
  if (!read.ok || read.value === 'eof') throw new Error('the connection ended')
  return read.value
}
