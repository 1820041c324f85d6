/** `npm run build:native`: compiles the addon into `dist/`, if it is older than its sources and there is a compiler. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))
const SOURCES = ['native.c', 'packet.c', 'packet.h', 'values.h'].map((name) => join(PACKAGE, 'src', name))
const ADDON = join(PACKAGE, 'dist/native.node')

/** The headers of Node: those of the Node that runs this, or those that Debian's libnode-dev installs. */
const HEADERS = [join(dirname(process.execPath), '../include/node'), '/usr/include/node']
const FLAGS = [
  '-shared',
  '-fPIC',
  '-O2',
  '-std=gnu11',
  '-Wall',
  '-Wextra',
  '-Wno-unused-parameter',
  '-Werror',
]

function isCurrent(): boolean {
  if (!existsSync(ADDON)) return false
  const { mtimeMs } = statSync(ADDON)
  return SOURCES.every((source) => statSync(source).mtimeMs <= mtimeMs)
}

/** Why it was not built, in one sentence; nothing if it was. */
function build(): string | undefined {
  if (process.platform !== 'linux') return 'the native addon is for Linux'
  if (isCurrent()) return undefined
  const headers = HEADERS.find((folder) => existsSync(join(folder, 'uv.h')))
  if (headers === undefined) return `the native addon needs Node's headers: ${HEADERS.join(' or ')}`
  const compiler = process.env['CC'] ?? 'cc'
  mkdirSync(dirname(ADDON), { recursive: true })
  const units = SOURCES.filter((source) => source.endsWith('.c'))
  const made = `${ADDON}.${process.pid}`
  const { status, error, stderr } = spawnSync(compiler, [...FLAGS, '-I', headers, ...units, '-o', made])
  if (error !== undefined) return `the native addon needs a C compiler, and there is no ${compiler}`
  if (status !== 0) return `the native addon does not compile:\n${stderr.toString()}`
  // Whoever has the old one open keeps it.
  renameSync(made, ADDON)
  return undefined
}

const problem = build()
if (problem !== undefined) {
  console.error(problem)
  process.exitCode = 1
}
