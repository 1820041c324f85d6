/**
 * The functions in which an image on spt spends its time.
 *
 *     node bench/profile/profile.ts PID IMAGE
 *
 * As root, with gcc, while the guest is busy. Prints the share of each function, in its TypeScript source; `native` is the
 * time in what the engine and the base do for it, system calls among it.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { SourceMap } from 'node:module'
import path from 'node:path'
import { pathOf } from '@mirage/engine-quickjs/files'

const SAMPLES = 5000
const SHOWN = 40

const [pid = '', image = ''] = process.argv.slice(2)
const counts = new Map<string, number>()
for (const line of sampled(pid)) counts.set(line, (counts.get(line) ?? 0) + 1)
const map = new SourceMap(JSON.parse(readFileSync(`${image}.map`, 'utf8')))
for (const [line, count] of [...counts].sort((a, b) => b[1] - a[1]).slice(0, SHOWN)) {
  console.log(`${((100 * count) / SAMPLES).toFixed(1).padStart(5)} %  ${named(line)}`)
}

/** What the sampler says, a line for each sample. */
function sampled(pid: string): readonly string[] {
  const symbols = execFileSync('nm', [`${pathOf('base-spt.elf')}.symbols`], { encoding: 'utf8' })
  const runtime = /^(\w+) B runtime$/m.exec(symbols)?.[1] ?? ''
  const args = [pid, runtime, String(SAMPLES)]
  return execFileSync(sampler(), args, { encoding: 'utf8' }).trim().split('\n')
}

/** The sampler, which is compiled with the engine's source when that is needed. */
function sampler(): string {
  const dist = path.dirname(pathOf('spt'))
  const program = path.join(dist, 'sample')
  const own = path.join(import.meta.dirname, 'sample.c')
  if (existsSync(program) && statSync(program).mtimeMs > statSync(own).mtimeMs) return program
  const [source = ''] = globSync('quickjs-*/', { cwd: dist }).map((folder) => path.join(dist, folder))
  const files = ['cutils', 'libregexp', 'libunicode', 'dtoa'].map((name) => path.join(source, `${name}.c`))
  const flags = ['-O1', '-w', '-D_GNU_SOURCE', '-DCONFIG_VERSION=""', '-I', source]
  execFileSync('gcc', [...flags, '-o', program, own, ...files, '-lm', '-lpthread'])
  return program
}

/** `tcp/src/output.ts:57 function text(…` of a place in the bundle. */
function named(line: string): string {
  const [row, column, native = ''] = line.split(' ')
  if (column === undefined) return line
  const found = map.findEntry(Number(row) - 1, Number(column) - 1)
  if (!('originalSource' in found)) return line
  const file = path.resolve(path.dirname(image), found.originalSource)
  const text = readFileSync(file, 'utf8').split('\n')[found.originalLine] ?? ''
  return `${native.padEnd(7)} ${path.relative('packages', file)}:${found.originalLine + 1}  ${text.trim().slice(0, 60)}`
}
