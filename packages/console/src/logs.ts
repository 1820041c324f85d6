/**
 * Log messages, by source.
 *
 * A library asks once for its source, `const log = source('tcp')`, and says what happened. Whether anybody
 * sees it is decided elsewhere: a source has a level, set at boot from `--logs`, and there is one reporter.
 * A message below the level costs one comparison, so its text is a function that is not called.
 */

/** How important a message is; the first, `quiet`, is for sources that say nothing. */
export type Level = 'quiet' | 'app' | 'error' | 'warning' | 'info' | 'debug'

/** From nothing to everything: a source at a level reports that level and all before it. */
export const LEVELS: readonly Level[] = ['quiet', 'app', 'error', 'warning', 'info', 'debug']

/** What is done with a message that somebody wants. */
export type Reporter = (source: string, level: Exclude<Level, 'quiet'>, message: string) => void
type Message = string | (() => string)

/** One library, or one part of an application, as it speaks to the log. */
export interface Source {
  readonly name: string
  app(message: Message): void
  error(message: Message): void
  warning(message: Message): void
  info(message: Message): void
  debug(message: Message): void
}

let reporter: Reporter = () => {}
let defaultLevel: Level = 'info'
const levels = new Map<string, Level>()
const sources = new Map<string, LogSource>()

class LogSource implements Source {
  readonly name: string
  rank: number
  constructor(name: string) {
    this.name = name
    this.rank = rankOf(name)
  }
  app(message: Message): void {
    if (this.rank >= 1) report(this.name, 'app', message)
  }
  error(message: Message): void {
    if (this.rank >= 2) report(this.name, 'error', message)
  }
  warning(message: Message): void {
    if (this.rank >= 3) report(this.name, 'warning', message)
  }
  info(message: Message): void {
    if (this.rank >= 4) report(this.name, 'info', message)
  }
  debug(message: Message): void {
    if (this.rank >= 5) report(this.name, 'debug', message)
  }
}

/** The source of this name: the same one, however often it is asked for. */
export function source(name: string): Source {
  let found = sources.get(name)
  if (found === undefined) {
    found = new LogSource(name)
    sources.set(name, found)
  }
  return found
}

/** The names that `source` was asked for, in that order. */
export function sourceNames(): readonly string[] {
  return [...sources.keys()]
}

/** Sets the level of the source `name`, present or to come; without a name, of every source not set by name. */
export function setLevel(level: Level, name?: string): void {
  if (name === undefined) defaultLevel = level
  else levels.set(name, level)
  for (const each of sources.values()) each.rank = rankOf(each.name)
}

/** Every message that passes its source's level goes to `next` from now on. */
export function setReporter(next: Reporter): void {
  reporter = next
}

function rankOf(name: string): number {
  return LEVELS.indexOf(levels.get(name) ?? defaultLevel)
}

function report(name: string, level: Exclude<Level, 'quiet'>, message: Message): void {
  reporter(name, level, typeof message === 'string' ? message : message())
}
