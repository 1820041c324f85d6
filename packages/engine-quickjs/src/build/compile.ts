/** C and assembly to objects: each compiled once for its source, its flags and the headers it may see. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { MUSL } from './system.ts'

const run = promisify(execFile)

/** Sources that are compiled alike. */
export interface Unit {
  readonly sources: readonly string[]
  /** Folders of headers, `#include`d and assembled files: a change in one compiles anew. */
  readonly includes: readonly string[]
  /** The folder of a library's headers, whose warnings are not ours. */
  readonly library?: string
  readonly flags: readonly string[]
}

const COMPILER = 'gcc'

/** No address of the library's own headers, and nothing that would need more than the library's pure functions. */
const COMMON = ['-nostdinc', '-isystem', MUSL.headers, '-fno-stack-protector', '-D_GNU_SOURCE', '-g0']

/** The compiler's own headers (stddef.h, immintrin.h), which come after the library's. */
async function compilerHeaders(): Promise<readonly string[]> {
  const { stdout } = await run(COMPILER, ['-print-file-name=include'])
  return ['-isystem', stdout.trim()]
}

/** Compiles what has changed, as many files at once as there are cores; the objects, unit by unit. */
export async function compile(units: readonly Unit[], folder: string): Promise<readonly string[][]> {
  mkdirSync(folder, { recursive: true })
  const headers = await compilerHeaders()
  const jobs = units.map((unit) => unit.sources.map((source) => job(source, unit, headers, folder)))
  const waiting = jobs.flat().filter(({ object }) => !existsSync(object))
  // The largest first: quickjs.c takes as long as all others together.
  waiting.sort((a, b) => b.size - a.size)
  const workers = Array.from({ length: availableParallelism() }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next.start()
  })
  await Promise.all(workers)
  return jobs.map((unit) => unit.map(({ object }) => object))
}

interface Job {
  readonly object: string
  readonly size: number
  readonly start: () => Promise<void>
}

function job(source: string, unit: Unit, headers: readonly string[], folder: string): Job {
  const text = readFileSync(source)
  const args = [
    ...COMMON,
    ...headers,
    ...(unit.library === undefined ? [] : ['-isystem', unit.library]),
    ...unit.includes.flatMap((include) => ['-I', include, `-Wa,-I,${include}`]),
    ...unit.flags,
    // Assertions have the names of files in them: a base is the same wherever it is built.
    `-ffile-prefix-map=${dirname(source)}/=`,
  ]
  const hash = createHash('sha256').update(text).update(args.join('\n'))
  for (const include of unit.includes) {
    for (const file of globSync('*.{h,bytecode}', { cwd: include }).sort())
      hash.update(readFileSync(join(include, file)))
  }
  const object = join(folder, `${basename(source)}-${hash.digest('hex').slice(0, 16)}.o`)
  const start = async (): Promise<void> => {
    await run(COMPILER, [...args, '-c', source, '-o', `${object}.part`]).catch(
      ({ stderr }: { stderr: string }) => {
        throw new Error(`${source} does not compile\n${stderr}`)
      },
    )
    renameSync(`${object}.part`, object)
  }
  return { object, size: text.length, start }
}
