/**
 * Transcripts: what a person types into a shell, and exactly what they see.
 *
 *     Words that explain are at the margin.
 *
 *       $ mirage configure
 *       error: config.ts:7:3: devices.files is missing
 *       [1]
 *
 * A command may go on in lines that begin with `>`. What follows is all that it prints, on both streams, and its
 * exit code where it is not 0. `mirage` is the tool of this tree; every transcript has an empty folder to itself.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { ROOT } from '../house/packages.ts'
import { PATIENCE_MS } from '../patience.ts'

/** One command of a transcript. */
export interface Step {
  /** What is typed, without `$`. */
  readonly command: string
  /** What is seen, as it stands in the file. */
  readonly expected: readonly string[]
  /** The line of the command in the file, from 1. */
  readonly line: number
}

const INDENT = '  '

/** The commands in the text of a transcript. */
export function parse(text: string): readonly Step[] {
  const steps: { command: string; expected: string[]; line: number }[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (!line.startsWith(INDENT)) continue
    const rest = line.slice(INDENT.length)
    const last = steps.at(-1)
    if (rest.startsWith('$ ')) steps.push({ command: rest.slice(2), expected: [], line: index + 1 })
    else if (last !== undefined && last.expected.length === 0 && rest.startsWith('> '))
      last.command += `\n${rest.slice(2)}`
    else if (last !== undefined && last.expected.length === 0 && rest === '>') last.command += '\n'
    else last?.expected.push(rest)
  }
  return steps
}

/** A folder for one transcript, with the tool of this tree and the packages that a project finds. */
export class Shell {
  readonly folder: string
  readonly #root: string

  constructor() {
    this.#root = mkdtempSync(join(tmpdir(), 'mirage-test-'))
    this.folder = join(this.#root, 'folder')
    mkdirSync(this.folder)
    mkdirSync(join(this.#root, 'bin'))
    symlinkSync(join(ROOT, 'node_modules'), join(this.#root, 'node_modules'))
    const tool = `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'packages/cli/src/bin.js')}' "$@"\n`
    writeFileSync(join(this.#root, 'bin', 'mirage'), tool, { mode: 0o755 })
  }

  /** What `command` prints, line by line, and its exit code in brackets where it is not 0. */
  run(command: string): Promise<readonly string[]> {
    const env = {
      ...process.env,
      PATH: `${join(this.#root, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      FIXTURES: join(ROOT, 'test/cli/fixtures'),
      NO_COLOR: '1',
      LC_ALL: 'C.UTF-8',
    }
    const child = spawn('bash', ['-c', `exec 2>&1\n${command}`], {
      cwd: this.folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    })
    // With all that it started: it may wait for what will never be.
    const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), PATIENCE_MS)
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => {
        clearTimeout(timer)
        const lines = output.split('\n')
        if (lines.at(-1) === '') lines.pop()
        resolve(code === 0 ? lines : [...lines, `[${signal ?? code}]`])
      })
    })
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true })
  }
}

/** The text of `file` with what was really seen: for whoever writes a transcript. */
export async function corrected(file: string): Promise<string> {
  const text = readFileSync(file, 'utf8')
  const shell = new Shell()
  try {
    const lines = text.split('\n')
    const kept: string[] = []
    let at = 0
    for (const { command, expected, line } of parse(text)) {
      const end = line - 1 + command.split('\n').length
      kept.push(...lines.slice(at, end), ...(await shell.run(command)).map((each) => INDENT + each))
      at = end + expected.length
    }
    return [...kept, ...lines.slice(at)].join('\n')
  } finally {
    shell.remove()
  }
}

if (import.meta.main) for (const file of process.argv.slice(2)) writeFileSync(file, await corrected(file))
