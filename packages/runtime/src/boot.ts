/**
 * A unikernel from its command line to its exit code.
 *
 * The arguments of all components are one command line; the devices are connected, the application starts, and
 * when it ends, or somebody asks for it, the devices are disconnected in reverse. The target hands in the world.
 */
import { type Clock, sleep } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import { type Result, assert, done, err } from '@mirage/result'
import { type Settings, readCommandLine } from './command-line.ts'
import type { Program } from './component.ts'
import { Devices, connectAll } from './connect-all.ts'
import { EXIT } from './exit.ts'
import { Ring, report, unknownSources } from './logs.ts'
import { setUnikernelName, takeExitHooks } from './runtime.ts'

/** Milliseconds that hooks and devices have, all together, to end in order. */
export const SHUTDOWN_TIMEOUT = 5000

/** What the target hands in. */
export interface Host {
  /** Everything that the user wrote after the unikernel's name, in one line. */
  readonly commandLine: string
  readonly clock: Clock
  /** Shows a line that was asked for. */
  readonly show: (line: string) => void
  /** Shows a line for whoever watches: log messages, errors. */
  readonly warn: (line: string) => void
}

/** A unikernel that runs. */
export interface Running {
  /** Its exit code, once it has ended: only then may the target leave. Never rejects. */
  readonly exitCode: Promise<number>
  /** Asks it to end in order, with exit code 0. Asking again ends it at once, with 1. */
  shutdown(): void
  /** Ends it at once, with 255, because of an exception that nobody caught. */
  crash(error: unknown): void
}

const log = source('runtime')

/** Starts `program`. */
export function boot(program: Program, host: Host): Running {
  return new Boot(program, host)
}

class Boot implements Running {
  readonly exitCode: Promise<number>
  readonly #program: Program
  readonly #host: Host
  readonly #devices: Devices = new Devices()
  #ring: Ring = new Ring(0)
  #end!: (code: number) => void
  #requestEnd!: () => void
  readonly #endRequested: Promise<'end'>
  #isAsked = false

  constructor(program: Program, host: Host) {
    this.#program = program
    this.#host = host
    this.exitCode = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#endRequested = new Promise((resolve) => {
      this.#requestEnd = () => resolve('end')
    })
    this.#run().then(this.#end, (error: unknown) => this.crash(error))
  }

  shutdown(): void {
    if (this.#isAsked) this.#end(EXIT.failure)
    this.#isAsked = true
    this.#requestEnd()
  }

  crash(error: unknown): void {
    for (const line of [`${this.#program.name}: ${describe(error)}`, ...this.#ring.dump()]) {
      this.#host.warn(line)
    }
    this.#end(EXIT.uncaught)
  }

  async #run(): Promise<number> {
    const { name } = this.#program
    const read = readCommandLine(this.#program, this.#host.commandLine)
    if (!read.ok) {
      const { code, text } = read.error
      if (code === EXIT.help) this.#host.show(text)
      else this.#host.warn(`${name}: ${text}`)
      return code
    }
    const { clock, warn } = this.#host
    const { logs, logRing } = read.value
    setUnikernelName(read.value.name)
    this.#ring = report(logs, { clock, write: warn, ringSize: logRing })
    const ended = await Promise.race([this.#work(read.value), this.#endRequested])
    if (ended === 'end') log.debug('asked to end')
    else if (!ended.ok) warn(`${name}: ${ended.error}`)
    const isOrderly = await this.#finish()
    return isOrderly && (ended === 'end' || ended.ok) ? EXIT.ok : EXIT.failure
  }

  /** From the first device to the end of the application. */
  async #work({ name, delay, logs, own, values }: Settings): Promise<Result<void, string>> {
    const { clock, warn } = this.#host
    const { parts } = this.#program
    const application = parts.at(-1)
    assert(application?.component.start !== undefined, 'the last part is the application')
    if (delay > 0) await sleep(clock, delay * 1000)
    if (this.#isAsked) return done
    const connected = await connectAll(this.#devices, parts.slice(0, -1), values, { name })
    if (!connected.ok) return err(`${connected.error.part}: ${connected.error.reason}`)
    if (this.#isAsked) return done
    // Libraries have asked for their sources by now.
    for (const name of unknownSources(logs)) warn(`${this.#program.name}: --logs: there is no source ${name}`)
    const needs = this.#devices.needsOf(application)
    return (await application.component.start(needs as never, own as never)) ?? done
  }

  /** Runs the hooks and disconnects the devices; whether all of that ended in time. */
  async #finish(): Promise<boolean> {
    const late = sleep(this.#host.clock, SHUTDOWN_TIMEOUT).then(() => false)
    const finished = (async () => {
      for (const hook of takeExitHooks()) await hook()
      await this.#devices.disconnect()
      return true
    })()
    const isOrderly = await Promise.race([finished, late])
    if (!isOrderly) this.#host.warn(`${this.#program.name}: did not end in ${SHUTDOWN_TIMEOUT / 1000} s`)
    return isOrderly
  }
}

/** What was thrown, and where; not every engine has the message in the stack. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return `uncaught exception: ${String(error)}`
  const { message, stack = '' } = error
  const told = stack.includes(message) ? stack : `${String(error)}\n${stack}`
  return `uncaught exception: ${told.trimEnd()}`
}
