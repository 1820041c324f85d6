/** iperf3 between two kernels over a veth pair: what transfers over TAP are compared with. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type Result, err, ok } from '@mirage/result'

/** How long one run of iperf3 takes. */
export const SECONDS = 2

let count = 0

/**
 * Two network namespaces and a veth pair between them. Without offloads every segment goes over it by itself, with its
 * checksum; that needs ethtool.
 */
export class Veth {
  readonly #near: string
  readonly #far: string
  readonly #server: ChildProcess
  readonly #ready: Promise<unknown>
  #problem: string | undefined

  constructor(hasOffloads: boolean) {
    const [near, far] = [`mb${process.pid}n${++count}`, `mb${process.pid}f${count}`]
    this.#near = near
    this.#far = far
    for (const name of [near, far]) ip('netns', 'add', name)
    ip('link', 'add', 'veth0', 'netns', near, 'type', 'veth', 'peer', 'name', 'veth0', 'netns', far)
    for (const [index, name] of [near, far].entries()) {
      if (!hasOffloads) {
        const off = ['tso', 'gso', 'gro', 'tx', 'rx'].flatMap((each) => [each, 'off'])
        const { status } = spawnSync('ip', ['netns', 'exec', name, 'ethtool', '-K', 'veth0', ...off])
        if (status !== 0) this.#problem = 'needs ethtool (Debian: apt-get install ethtool)'
      }
      ip('-n', name, 'addr', 'add', `10.98.0.${index + 1}/24`, 'dev', 'veth0')
      ip('-n', name, 'link', 'set', 'veth0', 'up')
    }
    this.#server = spawn('ip', ['netns', 'exec', far, 'iperf3', '--server', '--forceflush'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#ready = once(this.#server.stdout!, 'data')
  }

  /** Gbit/s of one connection. */
  async measure(): Promise<Result<number, string>> {
    if (this.#problem !== undefined) return err(this.#problem)
    await this.#ready
    return received(ip('netns', 'exec', this.#near, 'iperf3', ...clientOf('10.98.0.2')))
  }

  remove(): void {
    this.#server.kill('SIGKILL')
    for (const name of [this.#near, this.#far]) ip('netns', 'delete', name)
  }
}

function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', maxBuffer: 1 << 24 })
}

/** The words for an iperf3 that measures with the server at `address`. */
export function clientOf(address: string, { isReverse = false } = {}): readonly string[] {
  return ['--client', address, '--time', String(SECONDS), '--json', ...(isReverse ? ['--reverse'] : [])]
}

/** Gbit/s that arrived, of the report `json`. */
export function received(json: string): Result<number, string> {
  const { end, error } = JSON.parse(json) as {
    error?: string
    end?: { sum_received?: { bits_per_second: number } }
  }
  const bits = end?.sum_received?.bits_per_second
  return bits === undefined ? err(`iperf3: ${error ?? 'no result'}`) : ok(bits / 1e9)
}
