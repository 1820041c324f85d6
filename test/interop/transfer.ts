/** A transfer over an emulated link, from one host to another: between two kernels, or between one and our stack. */
import { fileURLToPath } from 'node:url'
import * as ipv4 from '@mirage/address/ipv4'
import { seeded } from '@mirage/random/seeded'
import { type Stack, connect } from '@mirage/stack'
import { clock } from '@mirage/target-node/clock'
import { connect as connectRandom } from '@mirage/target-node/random'
import type { TcpFlow } from '@mirage/tcp'
import { bridge } from '@mirage/vnetif/bridge'
import { vnetif } from '@mirage/vnetif'
import type { Faults } from '@mirage/vnetif/faults'
import type { Child } from '../child.ts'
import { Receipt, type Seen, content } from './content.ts'
import { type LinuxHost, linuxHost } from './linux-host.ts'

/** A link, the same for whoever is at its ends. */
export interface Link {
  readonly faults: Faults
  /** 1500 unless told. */
  readonly mtu?: number
  /** Settings of the kernels at its ends. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Who sends to whom: `ours` is this stack, `linux` a kernel. */
export type Pairing = 'linux to linux' | 'linux to ours' | 'ours to linux'

/** How much, and which bytes. */
export interface Amount {
  readonly length: number
  readonly seed: number
}

const PEER = fileURLToPath(new URL('./kernel-peer.ts', import.meta.url))
const NEAR = '10.99.0.1'
const FAR = '10.99.0.2'
const PORT = '5001'

/** What the receiver saw of a transfer over `link`. The receiver listens, the sender dials. */
export async function transfer(pairing: Pairing, link: Link, amount: Amount): Promise<Seen> {
  const { faults, mtu = 1500, settings = {} } = link
  const lan = vnetif({ clock, mtu, faults, random: seeded(amount.seed) })
  const near = await linuxHost({ addresses: [`${NEAR}/24`], mtu, settings })
  bridge(near.cable, lan.connect())
  try {
    if (pairing !== 'linux to linux') return await withOurs(pairing, near, ours(lan.connect()), amount)
    const far = await linuxHost({ addresses: [`${FAR}/24`], mtu, settings })
    bridge(far.cable, lan.connect())
    try {
      return await betweenKernels(near, far, amount)
    } finally {
      far.remove()
    }
  } finally {
    near.remove()
  }
}

function ours(net: ReturnType<ReturnType<typeof vnetif>['connect']>): Stack {
  const random = connectRandom()
  if (!random.ok) throw new Error(random.error)
  const address = ipv4.parse(FAR)
  if (!address.ok) throw new Error(address.error)
  return connect({ net, clock, random: random.value }, { cidr: { address: address.value, prefixLength: 24 } })
}

async function betweenKernels(from: LinuxHost, to: LinuxHost, amount: Amount): Promise<Seen> {
  const receiver = await listening(to, FAR, 'receive', amount)
  const sender = peer(from, 'dial', FAR, 'send', amount)
  const [printed] = await Promise.all([receiver.ended(), sender.ended()])
  return seenBy(printed)
}

async function withOurs(pairing: Pairing, kernel: LinuxHost, stack: Stack, amount: Amount): Promise<Seen> {
  try {
    return pairing === 'linux to ours'
      ? await toOurs(kernel, stack, amount)
      : await fromOurs(kernel, stack, amount)
  } finally {
    stack.disconnect()
  }
}

async function toOurs(kernel: LinuxHost, stack: Stack, amount: Amount): Promise<Seen> {
  const seen = new Promise<Seen>((resolve, reject) => {
    stack.tcp.listen(Number(PORT), (flow) => void receiveAll(flow).then(resolve, reject))
  })
  const sender = peer(kernel, 'dial', FAR, 'send', amount)
  const [result] = await Promise.all([seen, sender.ended()])
  return result
}

async function fromOurs(kernel: LinuxHost, stack: Stack, amount: Amount): Promise<Seen> {
  const receiver = await listening(kernel, NEAR, 'receive', amount)
  const address = ipv4.parse(NEAR)
  if (!address.ok) throw new Error(address.error)
  const flow = await stack.tcp.connect({ address: address.value, port: Number(PORT) })
  if (!flow.ok) throw new Error(`no connection: ${flow.error}`)
  const [printed] = await Promise.all([receiver.ended(), sendAll(flow.value, amount)])
  flow.value.close()
  return seenBy(printed)
}

async function sendAll(flow: TcpFlow, { length, seed }: Amount): Promise<void> {
  for (const block of content(length, seed)) {
    const written = await flow.write(block)
    if (!written.ok) throw new Error(`a write ended with: ${written.error}`)
  }
  flow.shutdown()
}

async function receiveAll(flow: TcpFlow): Promise<Seen> {
  const receipt = new Receipt()
  for (;;) {
    const read = await flow.read()
    if (!read.ok) throw new Error(`a read ended with: ${read.error}`)
    if (read.value === 'eof') break
    receipt.add(read.value)
  }
  flow.close()
  return receipt.end()
}

function peer(
  host: LinuxHost,
  role: 'listen' | 'dial',
  address: string,
  direction: 'send' | 'receive',
  { length, seed }: Amount,
): Child {
  return host.spawn(process.execPath, PEER, role, address, PORT, direction, String(length), String(seed))
}

async function listening(
  host: LinuxHost,
  address: string,
  direction: 'send' | 'receive',
  amount: Amount,
): Promise<Child> {
  const child = peer(host, 'listen', address, direction, amount)
  await child.prints(/^ready$/m)
  return child
}

/** What a receiver saw, of all that it printed. */
function seenBy(printed: string): Seen {
  return JSON.parse(printed.slice(printed.indexOf('{'))) as Seen
}
