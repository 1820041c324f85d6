/** Programs on the bare engine, in a sealed process, for tests. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { assemble } from '@mirage/image'
import { assert } from '@mirage/result'
import { PATIENCE_MS } from '../../../../test/patience.ts'
import { missing, pathOf } from '../files.ts'

/** For `skip`: why no program can be run here, or false. */
export const cannotRun: string | false =
  process.platform !== 'linux' || process.arch !== 'x64'
    ? 'needs Linux on x86-64'
    : missing('spt', 'base-spt.elf', 'qjs-compile')

/** `print(text)`, a line of ASCII on the console. */
const PRINT = `
const print = (text) => {
  const line = Uint8Array.from(String(text) + '\\n', (c) => c.charCodeAt(0))
  solo5.consoleWrite(line, 0, line.length)
}
`

/** How a program ended. */
export interface End {
  /** 128 and the number of the signal, where one ended it. */
  readonly status: number
  /** Without the last line break. */
  readonly output: string
}

/** Runs the text of a module, which has a function `print`, with `memoryMb` of memory and some arguments. */
export function runModule(text: string, memoryMb = 64, ...args: readonly string[]): End {
  const folder = mkdtempSync(join(tmpdir(), 'mirage-engine-'))
  try {
    const [source, bytecode, file] = ['program.js', 'program.bytecode', 'program.spt'].map((name) =>
      join(folder, name),
    )
    writeFileSync(source!, PRINT + text)
    execFileSync(pathOf('qjs-compile'), [source!, bytecode!])
    const image = assemble(readFileSync(pathOf('base-spt.elf')), readFileSync(bytecode!), [])
    assert(image.ok, 'the base is one')
    writeFileSync(file!, image.value)
    const options = { encoding: 'utf8', timeout: PATIENCE_MS, maxBuffer: 1 << 26 } as const
    const { status, signal, stdout } = spawnSync(
      pathOf('spt'),
      [`--mem=${memoryMb}`, file!, ...args],
      options,
    )
    return { status: status ?? 128 + constants.signals[signal!], output: stdout.replace(/\n$/, '') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
