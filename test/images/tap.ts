/** A network namespace with a TAP interface, in which nothing of the host's network is, and that ends with this process. */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'

const TAP =
  'ip link set lo up && ip tuntap add tap0 mode tap && ip addr add 10.0.0.1/24 dev tap0 && ip link set tap0 up'
/** Milliseconds. */
const PATIENCE = 60_000

/** For a test's `skip`: why there can be no namespace here, or false. */
export function cannotTap(): string | false {
  const tried = spawnSync('unshare', ['--net', 'sh', '-c', TAP], { stdio: 'ignore' })
  return tried.status === 0 ? false : 'needs root, iproute2 and /dev/net/tun for a TAP in a network namespace'
}

/** The namespace: `tap0`, 10.0.0.1/24, is its only way out. */
export class Namespace {
  readonly #keeper: ChildProcess

  private constructor(keeper: ChildProcess) {
    this.#keeper = keeper
  }

  static async create(): Promise<Namespace> {
    // The namespace lives as long as a process in it: this one ends with its input, which ends with ours.
    const keeper = spawn('unshare', ['--net', 'sh', '-c', `${TAP} && echo ready && exec cat`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    await once(keeper.stdout, 'data')
    return new Namespace(keeper)
  }

  /** Starts `command`, for a shell, in the namespace; its process is the command's. */
  spawn(command: string): ChildProcess {
    return spawn('nsenter', [...this.#enter(), 'sh', '-c', `exec ${command}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PATIENCE,
      killSignal: 'SIGKILL',
    })
  }

  /** What `program` writes in the namespace. */
  async run(program: string, ...args: readonly string[]): Promise<Buffer> {
    const { stdout } = await promisify(execFile)('nsenter', [...this.#enter(), program, ...args], {
      encoding: 'buffer',
      maxBuffer: 2 ** 26,
      timeout: PATIENCE,
    })
    return stdout
  }

  #enter(): readonly string[] {
    return [`--net=/proc/${this.#keeper.pid}/ns/net`, '--']
  }

  async remove(): Promise<void> {
    const ended = once(this.#keeper, 'exit')
    this.#keeper.stdin!.end()
    await ended
  }
}
