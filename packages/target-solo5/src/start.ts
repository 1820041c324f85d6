/** Where a unikernel begins in an image: its command line, its main loop, its end. */
import type { Clock } from '@mirage/clock'
import { boot } from '@mirage/runtime/boot'
import type { Info, Part } from '@mirage/runtime/component'
import { clock } from './clock.ts'
import { writeLine } from './console.ts'
import { type Loop, loop } from './loop.ts'
import { type Solo5, solo5 } from './solo5.ts'

/** What the entry module of an image hands over. */
export interface Image {
  readonly name: string
  readonly info?: Info
  /** Every component after those it needs; the application is the last one. */
  readonly components: readonly Part[]
}

/** Runs the unikernel, and ends the guest with its exit code. */
export function main(image: Image): void {
  begin(image, solo5(), loop(), clock())
}

/** The same in an engine of your own. */
export function begin(
  { name, info, components }: Image,
  platform: Solo5,
  itsLoop: Loop,
  itsClock: Clock,
): void {
  // There is one way out, so what was asked for and what is told to whoever watches go the same.
  const show = (line: string): void => writeLine(platform, line)
  const running = boot(
    { name, parts: components, ...(info === undefined ? {} : { info }) },
    { commandLine: platform.commandLine, clock: itsClock, show, warn: show },
  )
  void running.exitCode.then((code) => platform.exit(code))
  platform.onTurn = () => {
    try {
      itsLoop.turn()
    } catch (error) {
      running.crash(error)
    }
  }
}
