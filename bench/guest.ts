/** Guests under the spt launcher, and a stack of ours at the other end of their network: what the image benches measure. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import type { Socket } from 'node:net'
import path from 'node:path'
import * as ipv4 from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import { pathOf } from '@mirage/engine-quickjs/files'
import { connect as connectStream } from '@mirage/net/stream'
import { type Stack, connect } from '@mirage/stack'
import { clock } from '@mirage/target-node/clock'
import { connect as connectRandom } from '@mirage/target-node/random'
import type { TcpFlow } from '@mirage/tcp'
import { DuplexStream } from '../packages/gateway/src/node-stream.ts'
import { Project } from '../test/unikernels/running.ts'

const TOOL = path.resolve(import.meta.dirname, '../packages/cli/src/bin.js')
const MTU = 1500

const GUEST: ipv4.Ipv4 = ipv4.of(10, 0, 0, 2)
const PEER: ipv4.Ipv4 = ipv4.of(10, 0, 0, 1)
/** What a guest that has a network is told. */
export const ADDRESS: string = '--ipv4=10.0.0.2/24'

const seeded = connectRandom()
if (!seeded.ok) throw new Error(seeded.error)
const random = seeded.value

/** The image of `name`, a folder of `unikernels`, for `target`; `remove` takes away what was made for it. */
export interface Image {
  readonly path: string
  remove(): void
}

export async function build(name: string, target: 'spt' | 'virtio'): Promise<Image> {
  const project = new Project(name)
  await project.configure(`--target=${target}`)
  const built = spawnSync(process.execPath, [TOOL, 'build', '-q'], { cwd: project.folder })
  if (built.status !== 0) throw new Error(built.stderr.toString())
  const file = `${path.basename(name)}.${target}`
  return { path: path.join(project.folder, 'dist', file), remove: () => project.remove() }
}

/** A stack at the other end of a guest's network: of `stream`, with a length before each frame. */
export function stackOn(stream: Socket): Stack {
  const bytes = new DuplexStream()
  const net = connectStream(bytes, { mac: mac.local(1), mtu: MTU })
  bytes.attach(stream, () => net.disconnect())
  return connect({ net, clock, random }, { cidr: { address: PEER, prefixLength: 24 } })
}

/** A connection to port 80 of the guest. */
export async function connected(peer: Stack): Promise<TcpFlow> {
  const connection = await peer.tcp.connect({ address: GUEST, port: 80 })
  if (!connection.ok) throw new Error(`not connected: ${connection.error}`)
  return connection.value
}

/** A guest that runs on spt. */
export class Guest {
  /** When it was spawned, in the time of `performance.now`. */
  readonly begun: number
  readonly child: ChildProcess

  /** Starts `image`; with a network if it is `networked`, whose other end is `peer`'s. */
  constructor(image: Image, networked: boolean) {
    const network = networked ? ['--net:service=stream:3'] : []
    const words = networked ? [ADDRESS] : []
    this.begun = performance.now()
    this.child = spawn(pathOf('spt'), ['--mem=64', ...network, '--', image.path, ...words], {
      stdio: ['ignore', 'pipe', 'inherit', networked ? 'pipe' : 'ignore'],
    })
  }

  /** A stack of this process on the guest's network. */
  peer(): Stack {
    return stackOn(this.child.stdio[3] as Socket)
  }

  /**
   * Milliseconds from the start until now, without those in which the guest was ready to run and the host had no
   * processor for it: machines are shared.
   */
  elapsed(): number {
    return performance.now() - this.begun - this.processor().waited
  }

  /** Milliseconds that the guest has had a processor, and has waited for one. */
  processor(): { readonly used: number; readonly waited: number } {
    let [used, waited] = [0, 0]
    for (const task of readdirSync(`/proc/${this.child.pid}/task`)) {
      const fields = readFileSync(`/proc/${this.child.pid}/task/${task}/schedstat`, 'latin1').split(' ')
      used += Number(fields[0]) / 1e6
      waited += Number(fields[1]) / 1e6
    }
    return { used, waited }
  }

  /** Resolves with the first line that the guest writes. */
  async said(): Promise<void> {
    await once(this.child.stdout!, 'data')
  }

  /** Resolves once an echo request of ours is answered. */
  async pinged(peer: Stack): Promise<void> {
    const answered = new Promise<void>((resolve) => peer.icmp.onReply(() => resolve()))
    const sent = peer.icmp.echo(GUEST, { id: 1, sequence: 1, payload: new Uint8Array(56) })
    if (!sent.ok) throw new Error(sent.error)
    await answered
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const exit = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await exit
  }
}
