/** What a command sees of the world: where it was called, and where its words go. */
import { createColors } from 'picocolors'
import { type Problem, format, reason } from './problem.ts'

/** How much is said. */
export type Verbosity = 'quiet' | 'normal' | 'verbose'

/** The person's side of a command. */
export interface Terminal {
  /** The folder where the command was called. */
  readonly folder: string
  /** How the tool is called: `mirage`, or `npx mirage` by whom npx did it for. */
  readonly program: string
  readonly verbosity: Verbosity
  readonly colors: ReturnType<typeof createColors>
  /** A line that was asked for: it appears also when quiet. */
  readonly print: (line: string) => void
  /** A line about what happens. Silent when quiet. */
  readonly say: (line: string) => void
  /** A line for whom wants to know more. */
  readonly detail: (line: string) => void
  /** Problems, one a line, on standard error. */
  readonly complain: (problems: readonly Problem[]) => void
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // `mirage run | head`: a reader that is gone harms nobody.
    if (error.code === 'EPIPE') return
    if (stream === process.stdout) process.stderr.write(`error: nothing can be shown: ${reason(error)}\n`)
    process.exit(123)
  })
}

/** The terminal of this process. */
export function terminal(folder: string, verbosity: Verbosity, color: 'auto' | 'always' | 'never'): Terminal {
  const colors = createColors(color === 'always' || (color === 'auto' && isColorful()))
  const print = (line: string): void => void process.stdout.write(`${line}\n`)
  return {
    folder,
    program: process.env['npm_command'] === 'exec' ? 'npx mirage' : 'mirage',
    verbosity,
    colors,
    print,
    say: (line) => verbosity !== 'quiet' && print(line),
    detail: (line) => verbosity === 'verbose' && print(line),
    complain(problems) {
      for (const problem of problems)
        process.stderr.write(`${colors.red('error:')} ${format(problem, folder)}\n`)
    },
  }
}

/** https://no-color.org: any value of NO_COLOR but the empty one says no. */
function isColorful(): boolean {
  const { NO_COLOR, TERM } = process.env
  // Where there is no terminal, `isTTY` is undefined, whatever its type says.
  if (!process.stdout.isTTY) return false
  return (NO_COLOR ?? '') === '' && TERM !== 'dumb'
}
