/**
 * Log levels as a person writes them, and the reporter that writes the messages.
 *
 * `--logs=LEVEL` and `--logs=*:LEVEL` are for all sources, `--logs=dhcp:debug` is for one; commas join several.
 */
import { type Argument, alternatives, of } from '@mirage/argument'
import { type Clock, toEpochMs } from '@mirage/clock'
import { LEVELS, type Level, type Reporter, setLevel, setReporter, sourceNames } from '@mirage/console/logs'
import { type Result, err, ok } from '@mirage/result'

/** What is to be reported. */
export interface LogLevels {
  /** Of every source that is not named. */
  readonly all: Level
  readonly bySource: ReadonlyMap<string, Level>
}

const DEFAULT: LogLevels = { all: 'info', bySource: new Map() }

/** The argument `--logs`, `-l`. */
export function logLevels(): Argument<LogLevels> {
  const kind = {
    docv: 'LEVELS',
    expected: `${alternatives(LEVELS)}, or SOURCE:LEVEL, with commas between`,
    parse: parseLevels,
    show: showLevels,
  }
  const doc = 'What to log: a level for all sources, or SOURCE:LEVEL for one, with commas between.'
  return of(kind, { doc, alias: 'l', default: DEFAULT })
}

/** Reads what `--logs` says. Where nothing is said of all sources, they are at `info`. */
export function parseLevels(text: string): Result<LogLevels, 'bad-levels'> {
  let all: Level = DEFAULT.all
  const bySource = new Map<string, Level>()
  for (const item of text.split(',')) {
    const colon = item.lastIndexOf(':')
    const source = colon < 0 ? '*' : item.slice(0, colon)
    const level = LEVELS.find((each) => each === item.slice(colon + 1))
    if (level === undefined || source === '') return err('bad-levels')
    if (source === '*') all = level
    else bySource.set(source, level)
  }
  return ok({ all, bySource })
}

function showLevels({ all, bySource }: LogLevels): string {
  return [all, ...[...bySource].map(([source, level]) => `${source}:${level}`)].join(',')
}

/** The sources named in `levels` that no library has asked for. */
export function unknownSources({ bySource }: LogLevels): readonly string[] {
  const known = new Set(sourceNames())
  return [...bySource.keys()].filter((name) => !known.has(name))
}

/** What the reporter is given. */
export interface ReporterSettings {
  readonly clock: Clock
  /** Shows one line. */
  readonly write: (line: string) => void
  /** How many of the last messages, of any level, are kept to be shown after a crash. */
  readonly ringSize: number
}

/** Sends the messages of all sources, as `levels` say, to `settings.write`. */
export function report(levels: LogLevels, settings: ReporterSettings): Ring {
  const { clock, write, ringSize } = settings
  const ring = new Ring(ringSize)
  const shown: Reporter = (source, level, message) => write(formatLine(clock, source, level, message))
  if (ringSize === 0) {
    setReporter(shown)
    setLevel(levels.all)
    for (const [source, level] of levels.bySource) setLevel(level, source)
    return ring
  }
  // The ring keeps what is not shown, too, so every source makes all of its messages.
  setReporter((source, level, message) => {
    ring.add(formatLine(clock, source, level, message))
    if (isShown(levels, source, level)) shown(source, level, message)
  })
  setLevel('debug')
  for (const source of levels.bySource.keys()) setLevel('debug', source)
  return ring
}

function isShown({ all, bySource }: LogLevels, source: string, level: Level): boolean {
  return LEVELS.indexOf(level) <= LEVELS.indexOf(bySource.get(source) ?? all)
}

/** The last lines, and no more of them than it was made for. */
export class Ring {
  readonly #lines: string[] = []
  readonly #size: number
  #added = 0

  constructor(size: number) {
    this.#size = size
  }

  add(line: string): void {
    this.#lines[this.#added++ % this.#size] = line
  }

  /** The lines, oldest first, between two lines that say what they are; nothing if there are none. */
  dump(): readonly string[] {
    const { length } = this.#lines
    if (length === 0) return []
    const oldest = this.#added % length
    const lines = [...this.#lines.slice(oldest), ...this.#lines.slice(0, oldest)]
    return [`--- The last ${length} log messages ---`, ...lines, '--- End of the log messages ---']
  }
}

const SHORT: Readonly<Record<Exclude<Level, 'quiet'>, string>> = {
  app: 'APP',
  error: 'ERR',
  warning: 'WRN',
  info: 'INF',
  debug: 'DBG',
}

/** `2019-03-05 10:15:00 +01:00: INF [tcp] message`, in local time where the clock knows it. */
export function formatLine(
  clock: Clock,
  source: string,
  level: Exclude<Level, 'quiet'>,
  message: string,
): string {
  const offset = clock.timezoneOffset() ?? 0
  const local = new Date(toEpochMs(clock.wall()) + offset * 1000).toISOString()
  const [date, time] = [local.slice(0, local.indexOf('T')), local.slice(-13, -5)]
  return `${date} ${time} ${formatOffset(offset)}: ${SHORT[level]} [${source}] ${message}`
}

function formatOffset(seconds: number): string {
  const minutes = Math.abs(Math.trunc(seconds / 60))
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  return `${seconds < 0 ? '-' : '+'}${twoDigits(hours)}:${twoDigits(rest)}`
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
