/** Machines of QEMU's that run a test guest, always for a bounded time. */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import type { Duplex } from 'node:stream'
import { PATIENCE_MS } from '../patience.ts'
import { Peer } from './peer.ts'

const PROGRAM = 'qemu-system-x86_64'
/** Of what it inherits beside its input and its outputs. */
const FIRST_FD = 3

export interface Options {
  readonly machine: string
  readonly image: string
  readonly commandLine?: string
  readonly cpu?: string
  readonly memoryMb?: number
  /** More options: devices and what is behind them. */
  readonly devices?: readonly string[]
  /** How many networks there are for devices: `n0`, `n1` and so on. */
  readonly networks?: number
  /** Without it the guest has to switch the machine off, or to reset it. */
  readonly hasDebugExit?: boolean
}

/** How a guest ended: what it wrote, and QEMU's own status. */
export interface Ended {
  readonly output: string
  readonly code: number | null
}

/** One guest. It ends by itself, by `kill`, or by its time. */
export class Machine {
  readonly ended: Promise<Ended>
  output = ''
  /** The other ends of its networks. */
  readonly peers: readonly Peer[]
  readonly #process: ChildProcess
  #onOutput: () => void = () => {}

  constructor(options: Options) {
    const {
      machine,
      image,
      cpu = 'max',
      memoryMb = 24,
      commandLine = '',
      devices = [],
      networks = 0,
    } = options
    const fixed = `-accel tcg -cpu ${cpu} -M ${machine} -m ${memoryMb} -nodefaults -no-user-config -display none`
    const debugExit = options.hasDebugExit === false ? [] : ['-device', 'isa-debug-exit']
    const descriptors = Array.from({ length: networks }, (_, index) => FIRST_FD + index)
    // A socket that QEMU has from the start. One that it connects to has nothing of what a guest says before it has.
    const netdevs = descriptors.flatMap((fd, index) => ['-netdev', `socket,id=n${index},fd=${fd}`])
    const more = [...debugExit, ...netdevs, ...devices]
    const args = [...fixed.split(' '), '-serial', 'stdio', '-no-reboot', ...more]
    this.#process = spawn(PROGRAM, [...args, '-kernel', image, '-append', commandLine], {
      stdio: ['pipe', 'pipe', 'pipe', ...descriptors.map(() => 'pipe' as const)],
    })
    this.peers = descriptors.map((fd) => new Peer(this.#process.stdio[fd] as Duplex))
    const timer = setTimeout(() => this.kill(), PATIENCE_MS)
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream!.setEncoding('latin1').on('data', (text: string) => {
        this.output += text
        this.#onOutput()
      })
    }
    this.ended = new Promise((resolve) => {
      this.#process.on('close', (code) => {
        clearTimeout(timer)
        resolve({ output: this.output, code })
        this.#onOutput()
      })
    })
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /** Waits until the guest has written something that matches. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    let hasEnded = false
    void this.ended.then(() => {
      hasEnded = true
    })
    for (;;) {
      const match = pattern.exec(this.output)
      if (match !== null) return match
      if (hasEnded) throw new Error(`ended without ${pattern}:\n${this.output}`)
      await new Promise<void>((resolve) => {
        this.#onOutput = resolve
      })
    }
  }

  /** Whether no thread of QEMU's runs or would like to. */
  isAsleep(): boolean {
    const tasks = `/proc/${this.#process.pid}/task`
    return fs.readdirSync(tasks).every((task) => {
      const stat = fs.readFileSync(`${tasks}/${task}/stat`, 'latin1')
      return stat[stat.lastIndexOf(')') + 2] === 'S'
    })
  }

  /** Processor time that QEMU has used so far, in milliseconds: it counts in hundredths of a second. */
  processorMs(): number {
    const stat = fs.readFileSync(`/proc/${this.#process.pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  }
}

/** Runs a guest to its end. */
export function run(options: Options): Promise<Ended> {
  return new Machine(options).ended
}
