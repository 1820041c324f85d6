/**
 * `npm run build:bases [-- BINDING…]`: the bases of images, the compiler of their bytecode, the spt launcher, and
 * guests in C for the tests, into `dist/`.
 *
 * Once QuickJS is downloaded and compiled, which takes most of a minute, only what has changed is made anew.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compile, type Unit } from './compile.ts'
import { check, linkBase, linkProgram } from './link.ts'
import { ENGINE_VERSION, quickjsSource } from './source.ts'
import { prepare } from './system.ts'

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url))
const ROOT = join(PACKAGE, '../..')
const SOLO5 = join(ROOT, 'solo5')
const TENDER = join(ROOT, 'packages/tender/src')
const DIST = join(PACKAGE, 'dist')
const OBJECTS = join(DIST, 'objects')

const SECTIONS = ['-ffunction-sections', '-fdata-sections']
const STATIC = ['-O2', '-fno-pic', '-fno-pie', ...SECTIONS]
const WARNINGS = ['-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror']

/** The bindings to build: those that were asked for, or every folder with a linker script. */
function bindings(): readonly string[] {
  const asked = process.argv.slice(2)
  if (asked.length > 0) return asked
  const folder = join(SOLO5, 'bindings')
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'layout.ld')))
    .sort()
}

const filesOf = (folder: string): readonly string[] =>
  globSync('*.{c,S}', { cwd: folder })
    .sort()
    .map((name) => join(folder, name))

function engine(source: string): Unit {
  const names = ['quickjs', 'libregexp', 'libunicode', 'cutils', 'dtoa']
  return {
    sources: names.map((name) => join(source, `${name}.c`)),
    includes: [source],
    // The engine relies on integers that wrap; its warnings are its authors'.
    flags: [...STATIC, '-fwrapv', '-w', `-DCONFIG_VERSION="${ENGINE_VERSION}"`],
  }
}

function glue(source: string): Unit {
  const include = join(SOLO5, 'include')
  return {
    sources: filesOf(join(SOLO5, 'engine')),
    includes: [include, join(SOLO5, 'engine'), OBJECTS],
    library: source,
    flags: [...STATIC, ...WARNINGS],
  }
}

/** A binding: its own files, or with no name what all bindings share. */
function binding(name = ''): Unit {
  const folder = join(SOLO5, 'bindings', name)
  return {
    sources: filesOf(folder),
    includes: [join(SOLO5, 'include'), folder],
    flags: [...STATIC, ...WARNINGS, '-ffreestanding', '-mno-red-zone', '-fno-asynchronous-unwind-tables'],
  }
}

/** Guests in C, for the tests of bindings and tenders: those for all bindings, and those for one. */
function guests(name: string): Unit {
  const tests = join(SOLO5, 'tests')
  const sources = [...filesOf(tests), ...filesOf(join(tests, name))]
  const unit = binding(name)
  return {
    ...unit,
    sources: sources.filter((file) => readFileSync(file, 'utf8').includes('solo5_app_main')),
    includes: [...unit.includes, tests],
  }
}

function compiler(source: string): Unit {
  return {
    sources: [join(PACKAGE, 'src/host/qjs-compile.c')],
    includes: [],
    library: source,
    flags: [...STATIC, ...WARNINGS],
  }
}

function launcher(): Unit {
  return {
    sources: filesOf(join(TENDER, 'spt')),
    includes: [join(SOLO5, 'include'), join(TENDER, 'spt')],
    // The kernel's headers are not the library's: they come last.
    flags: [
      ...WARNINGS,
      '-O2',
      '-fPIE',
      ...SECTIONS,
      '-idirafter',
      '/usr/include',
      '-idirafter',
      '/usr/include/x86_64-linux-gnu',
    ],
  }
}

/** The launcher's reader of images alone, where it meets broken ones. */
function fuzzer(): Unit {
  const unit = launcher()
  return {
    ...unit,
    sources: [join(TENDER, 'spt/image.c'), join(TENDER, 'fuzz/fuzz-image.c')],
    flags: [...unit.flags, '-fsanitize=undefined', '-fsanitize-undefined-trap-on-error'],
  }
}

/** The engine's allocator alone, where it is tried. */
function heapCheck(): Unit {
  const folder = join(SOLO5, 'engine')
  return {
    sources: [
      ...['alloc.c', 'pages.c'].map((name) => join(folder, name)),
      join(PACKAGE, 'src/testing/heap-check.c'),
    ],
    includes: [folder],
    flags: [
      ...WARNINGS,
      '-O2',
      '-fPIE',
      ...SECTIONS,
      '-fsanitize=undefined',
      '-fsanitize-undefined-trap-on-error',
    ],
  }
}

/** A network of one guest. */
function pair(): Unit {
  return { ...launcher(), sources: [join(TENDER, 'testing/pair.c')] }
}

/** The corrections of the engine, as bytecode that the engine's glue takes in. */
function buildPrelude(): void {
  const script = join(OBJECTS, 'prelude.js')
  writeFileSync(script, stripTypeScriptTypes(readFileSync(join(PACKAGE, 'src/prelude.ts'), 'utf8')))
  execFileSync(join(DIST, 'qjs-compile'), [script, join(OBJECTS, 'prelude.bytecode')])
}

function report(file: string): void {
  console.log(`${basename(file).padEnd(18)} ${(statSync(file).size / 1024).toFixed(0).padStart(6)} KiB`)
}

interface Parts {
  /** QuickJS and its glue, and what all bindings share. */
  readonly engine: readonly string[]
  readonly common: readonly string[]
}

async function buildBinding(name: string, parts: Parts): Promise<void> {
  const [own, applications] = await compile([binding(name), guests(name)], OBJECTS)
  const layout = join(SOLO5, 'bindings', name, 'layout.ld')
  const base = join(DIST, `base-${name}.elf`)
  linkBase([...own!, ...parts.common, ...parts.engine], layout, base)
  check(base, name === 'spt' ? own! : [])
  report(base)
  const folder = join(DIST, 'guests', name)
  mkdirSync(folder, { recursive: true })
  for (const application of applications!) {
    const file = `${basename(application).split('.')[0]}.elf`
    linkBase([application, ...own!, ...parts.common], layout, join(folder, file))
  }
}

async function build(): Promise<void> {
  mkdirSync(OBJECTS, { recursive: true })
  const source = quickjsSource(DIST)
  const units = [engine(source), compiler(source), launcher(), fuzzer(), pair(), heapCheck()]
  const [quickjs, host, spt, fuzz, network, heap] = await compile(units, OBJECTS)
  linkProgram([...host!, ...quickjs!], join(DIST, 'qjs-compile'), 'fixed')
  linkProgram(spt!, join(DIST, 'spt'), 'highest')
  linkProgram(fuzz!, join(DIST, 'fuzz-image'), 'highest')
  linkProgram(network!, join(DIST, 'pair'), 'highest')
  linkProgram(heap!, join(DIST, 'heap-check'), 'highest')
  buildPrelude()
  const [shared, common] = await compile([glue(source), binding()], OBJECTS)
  for (const name of bindings()) {
    await buildBinding(name, { engine: [...shared!, ...quickjs!], common: common! })
  }
  for (const name of ['qjs-compile', 'spt']) report(join(DIST, name))
}

const problem = prepare()
try {
  if (problem !== undefined) throw new Error(problem)
  await build()
} catch (error) {
  console.error(`build:bases: ${(error as Error).message}`)
  process.exitCode = 1
}
