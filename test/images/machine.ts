/** Machines of QEMU's that run a test guest, always for a bounded time. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import fs from 'node:fs'
import { PATIENCE_MS } from '../patience.ts'

const PROGRAM = 'qemu-system-x86_64'

export interface Options {
  readonly machine: string
  readonly image: string
  readonly commandLine?: string
  readonly cpu?: string
  readonly memoryMb?: number
  /** More options: devices and what is behind them. */
  readonly devices?: readonly string[]
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
  readonly #process: ChildProcessWithoutNullStreams
  #onOutput: () => void = () => {}

  constructor(options: Options) {
    const { machine, image, cpu = 'max', memoryMb = 24, commandLine = '', devices = [] } = options
    const fixed = `-accel tcg -cpu ${cpu} -M ${machine} -m ${memoryMb} -nodefaults -no-user-config -display none`
    const debugExit = options.hasDebugExit === false ? [] : ['-device', 'isa-debug-exit']
    const args = [...fixed.split(' '), '-serial', 'stdio', '-no-reboot', ...debugExit, ...devices]
    this.#process = spawn(PROGRAM, [...args, '-kernel', image, '-append', commandLine])
    const timer = setTimeout(() => this.kill(), PATIENCE_MS)
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding('latin1').on('data', (text: string) => {
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
