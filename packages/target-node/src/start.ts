/** Where a unikernel begins as a Node process: its command line, its signals, its end. */
import { type Running, boot } from '@mirage/runtime/boot'
import type { Info, Part } from '@mirage/runtime/component'
import { installArena } from './arena.ts'
import { clock } from './clock.ts'
import { inlineMore } from './inlining.ts'
import { traceSources } from './traces.ts'
import { writeLine } from './write-all.ts'

const [STDOUT, STDERR] = [1, 2]

/**
 * Milliseconds in which a second signal is taken for the first one: a terminal sends Ctrl-C to this process and
 * to the one that started it, which may pass it on.
 */
const SIGNAL_ECHO = 500

/** What the entry module of an image hands over. */
export interface Image {
  readonly name: string
  readonly info?: Info
  /** Every component after those it needs; the application is the last one. */
  readonly components: readonly Part[]
}

/** Runs the unikernel, and ends the process with its exit code. */
export function main({ name, info, components }: Image): void {
  inlineMore()
  installArena()
  // In an image this module's file is the image.
  traceSources(import.meta.url)
  const running = boot(
    { name, parts: components, ...(info === undefined ? {} : { info }) },
    {
      // Neither the path of Node nor that of the image is anything that the user said to the unikernel.
      commandLine: process.argv.slice(2).join(' '),
      clock,
      show: (line) => void writeLine(STDOUT, line),
      warn: (line) => void writeLine(STDERR, line),
    },
  )
  // A unikernel that waits, waits, whether or not Node sees what for.
  setInterval(() => {}, 0x7fff_ffff)
  listen(running)
  void running.exitCode.then((code) => process.exit(code))
}

function listen(running: Running): void {
  let isEcho = false
  const shutdown = (): void => {
    if (isEcho) return
    running.shutdown()
    isEcho = true
    // What came while this process had no time for it is heard of before the immediate, not before the timer.
    setTimeout(() => setImmediate(() => (isEcho = false)), SIGNAL_ECHO)
  }
  process.on('SIGINT', shutdown)
  process.on('SIGTERM', shutdown)
  process.on('uncaughtException', (error) => running.crash(error))
  process.on('unhandledRejection', (reason) => running.crash(reason))
}
