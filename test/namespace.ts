/** Network namespaces, in which nothing of the host's network is, and which end with this process, however that ends. */
import { type ChildProcess, type SpawnOptions, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { promisify } from 'node:util'
import { Child } from './child.ts'
import { PATIENCE_MS, PATIENCE_S } from './patience.ts'

/** The most bytes of output that are waited for. */
const OUTPUT_MAX = 2 ** 26

/** A namespace, with its loopback interface alone, which is up. */
export class Namespace {
  readonly #keeper: ChildProcess
  readonly #children: Set<ChildProcess> = new Set()

  private constructor(keeper: ChildProcess) {
    this.#keeper = keeper
  }

  /** Makes one. Only root may. */
  static async create(): Promise<Namespace> {
    // It lives as long as a process in it: this one ends with its input, which ends with ours.
    const keeper = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up && echo ready && exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const ready = await Promise.race([once(keeper.stdout, 'data'), once(keeper, 'exit')])
    if (keeper.exitCode !== null) throw new Error(`there is no namespace: exit code ${ready.join()}`)
    // Nobody goes on because of a namespace.
    keeper.unref()
    keeper.stdout.destroy()
    ;(keeper.stdin as Socket).unref()
    return new Namespace(keeper)
  }

  /** What `ip link set … netns` calls it. */
  get name(): string {
    return String(this.#keeper.pid)
  }

  /** What `program` writes in it, while nothing else goes on; an exit code other than 0 throws. */
  call(program: string, ...args: readonly string[]): string {
    const options = { encoding: 'utf8', maxBuffer: OUTPUT_MAX, timeout: PATIENCE_MS } as const
    return execFileSync('nsenter', this.#enter(program, args), options)
  }

  /** Likewise, while other things go on. */
  async run(program: string, ...args: readonly string[]): Promise<Buffer> {
    const options = { encoding: 'buffer', maxBuffer: OUTPUT_MAX, timeout: PATIENCE_MS } as const
    const { stdout } = await promisify(execFile)('nsenter', this.#enter(program, args), options)
    return stdout
  }

  /** Starts `program` in it, whose process is the one that is returned, and which ends when it is removed. */
  spawn(program: string, args: readonly string[], options: SpawnOptions = {}): Child {
    const child = spawn('nsenter', this.#enter(program, args), options)
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    return new Child(child)
  }

  /**
   * Lets its kernel ask for neighbours on `device` as long as tests wait. Of its own it asks for three seconds, in which
   * whoever is asked may not have had a processor.
   */
  async patience(device: string): Promise<void> {
    const settings = ['ipv4', 'ipv6'].flatMap((family) =>
      ['mcast', 'ucast'].map((to) => `net.${family}.neigh.${device}.${to}_solicit=${PATIENCE_S}`),
    )
    // Links that are narrow have no IPv6.
    await this.run('sysctl', '-eqw', ...settings)
  }

  /** Ends its programs, and with them the namespace and its interfaces. */
  remove(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    this.#keeper.kill('SIGKILL')
  }

  #enter(program: string, args: readonly string[]): string[] {
    return [`--net=/proc/${this.#keeper.pid}/ns/net`, '--', program, ...args]
  }
}

/** Why there can be no namespaces here; `false` if there can: the `skip` of a test. */
export function missing(): string | false {
  if (process.platform !== 'linux') return 'namespaces are Linux’s'
  if (process.getuid?.() !== 0) return 'only root makes network namespaces'
  try {
    execFileSync('ip', ['-V'], { stdio: 'ignore' })
  } catch {
    return 'ip(8) is missing: apt-get install iproute2'
  }
  return false
}
