/** How a unikernel that runs in a process of its own ends: by itself, or by a signal, whose it may be. */
import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import type { Failure } from './problem.ts'
import type { Terminal } from './terminal.ts'

/** What ends a program in order. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const
type Ending = (typeof SIGNALS)[number]

/**
 * A Ctrl-C goes to the tool and to the unikernel at once, and a unikernel that does not listen to signals may be gone
 * before the tool has heard of it: so long the tool waits for a signal of its own.
 */
const GRACE_MS = 200

/** A process that gets signals: this one, but for tests. */
export interface Process {
  on(event: Ending | 'exit', listener: () => void): unknown
  off(event: Ending | 'exit', listener: () => void): unknown
}

/** The signals that are passed on. */
export interface Signals {
  /** Those so far. */
  readonly passed: ReadonlySet<NodeJS.Signals>
  /** Resolves to whether `signal` has come, or comes very soon. */
  came(signal: NodeJS.Signals): Promise<boolean>
  /** Passes on no more. */
  forget(): void
}

/**
 * Passes what ends a program from `own` on to `child`, until `forget` is called. Of a Ctrl-C it hears from the terminal as
 * well; it takes the two for one.
 */
export function passSignals(child: Pick<ChildProcess, 'kill'>, own: Process): Signals {
  const passed = new Set<NodeJS.Signals>()
  let wake = (): void => {}
  const passes = SIGNALS.map((signal) => {
    const pass = (): void => {
      passed.add(signal)
      child.kill(signal)
      wake()
    }
    return [signal, pass] as const
  })
  const leave = (): void => void child.kill('SIGKILL')
  for (const [signal, pass] of passes) own.on(signal, pass)
  own.on('exit', leave)
  return {
    passed,
    async came(signal) {
      if (SIGNALS.some((each) => each === signal) && !passed.has(signal)) {
        await new Promise<void>((resolve) => {
          wake = resolve
          setTimeout(resolve, GRACE_MS)
        })
      }
      return passed.has(signal)
    },
    forget() {
      for (const [signal, pass] of passes) own.off(signal, pass)
      own.off('exit', leave)
    },
  }
}

/**
 * The exit code of `child`: as shells have it, 128 and the number of the signal that ended it. One that was asked to
 * end before it could listen to signals has ended in order.
 */
export async function ended(
  child: ChildProcess,
  name: string,
  signals: Signals,
  { complain }: Terminal,
): Promise<number | Failure> {
  const how = await howEnded(child)
  if (how instanceof Error) {
    return { code: 123, problems: [{ message: `the unikernel cannot be started: ${how.message}` }] }
  }
  const { code, signal } = how
  if (signal === null || (await signals.came(signal))) return code ?? 0
  if (!child.killed) complain([{ message: `${name} was ended by ${signal}` }])
  return 128 + constants.signals[signal]
}

interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

function howEnded(child: ChildProcess): Promise<Exit | Error> {
  return new Promise((resolve) => {
    child.once('error', resolve)
    // Where its output is ours to pass on, the last of it comes before its end.
    child.once(
      child.stdout === null ? 'exit' : 'close',
      (code: number | null, signal: NodeJS.Signals | null) => resolve({ code, signal }),
    )
  })
}
