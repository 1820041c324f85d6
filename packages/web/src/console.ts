/** `console`, as far as lines of text go: the Console standard §1.1 without groups, counters and tables. */

/** Shows values, each call as one message. */
export type Show = (...values: unknown[]) => void

/** The levels, which are all shown alike. */
export type WebConsole = Readonly<Record<'debug' | 'error' | 'info' | 'log' | 'trace' | 'warn', Show>>

/** A console whose lines go to `write`. */
export function consoleOn(write: (line: string) => void): WebConsole {
  const show: Show = (...values) => {
    for (const line of values.map(textOf).join(' ').split('\n')) write(line)
  }
  return { debug: show, error: show, info: show, log: show, trace: show, warn: show }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Error) return errorText(value)
  if (typeof value === 'object' && value !== null)
    return jsonOf(value) ?? Object.prototype.toString.call(value)
  return typeof value === 'bigint' ? `${value}n` : String(value)
}

/** Some engines begin the trace with the message, others do not. */
function errorText(error: Error): string {
  const [head, trace = ''] = [String(error), error.stack]
  return trace.startsWith(head) ? trace : `${head}\n${trace}`.trimEnd()
}

/** Nothing where the value has no JSON: a circle, for one. */
function jsonOf(value: object): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}
