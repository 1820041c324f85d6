/**
 * `npm run pack [folder]`: makes the packages as they are published, one `.tgz` each, in `dist/packages` unless told.
 *
 * The bases of machine images and the native addon go along if they are built: `npm run build:bases`, `build:native`.
 *
 * Node runs no TypeScript below node_modules, so what is published is compiled: every module beside its declarations,
 * and exports that point to both. Nothing in the tree is changed.
 */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SHIPPED, pathOf } from '../packages/engine-quickjs/src/files.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

interface Manifest {
  readonly name: string
  readonly version: string
  /** Needs more than its TypeScript, so it is of use in a clone only. */
  readonly private?: boolean
  readonly bin?: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Packs every package into `output`; gives the paths of the files. */
export function pack(output: string): readonly string[] {
  mkdirSync(join(ROOT, 'dist'), { recursive: true })
  const stage = mkdtempSync(join(ROOT, 'dist', 'pack-'))
  try {
    const names = readdirSync(join(ROOT, 'packages'))
      .filter((name) => existsSync(join(ROOT, 'packages', name, 'package.json')))
      .filter((name) => manifestOf(name).private !== true)
      .sort()
    compile(stage)
    for (const name of names) prepare(name, stage)
    return makeFiles(
      names.map((name) => join(stage, name)),
      output,
    )
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

function manifestOf(name: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8')) as Manifest
}

/** Compiles all packages at once into `<stage>/<name>/src`. */
function compile(stage: string): void {
  const settings = {
    extends: join(ROOT, 'tsconfig.base.json'),
    compilerOptions: {
      noEmit: false,
      isolatedDeclarations: false,
      rewriteRelativeImportExtensions: true,
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules', '@types')],
      lib: ['es2022', 'dom', 'dom.iterable'],
      rootDir: join(ROOT, 'packages'),
      outDir: stage,
    },
    include: [join(ROOT, 'packages/*/src')],
    exclude: ['*.test.ts', 'fixtures', 'testing'].map((name) => join(ROOT, 'packages/**', name)),
  }
  writeFileSync(join(stage, 'tsconfig.json'), JSON.stringify(settings))
  run('tsc', ['--project', stage])
}

/** Turns what was compiled of the package `name` into the folder that is published. */
function prepare(name: string, stage: string): void {
  const from = join(ROOT, 'packages', name)
  const to = join(stage, name)
  cpSync(join(to, 'src'), join(to, 'dist'), { recursive: true })
  rmSync(join(to, 'src'), { recursive: true })
  for (const file of readdirSync(join(from, 'src')).filter((name) => name.endsWith('.js')))
    copyScript(file, from, to)
  if (name === 'engine-quickjs') shipBases(join(to, 'dist'))
  if (name === 'native') shipAddon(join(from, 'dist'), join(to, 'dist'))
  const manifest = manifestOf(name)
  writeFileSync(join(to, 'package.json'), `${JSON.stringify(published(manifest, from), undefined, 2)}\n`)
  for (const file of ['README.md', 'CHANGES.md']) {
    if (existsSync(join(from, file))) cpSync(join(from, file), join(to, file))
  }
  cpSync(join(ROOT, 'LICENSE'), join(to, 'LICENSE'))
}

/** What needed a C compiler goes along as it was built; an image needs none then. */
function shipBases(to: string): void {
  for (const file of SHIPPED.filter((each) => existsSync(pathOf(each)))) cpSync(pathOf(file), join(to, file))
}

/** The addon, for the system that packs: another is told that it does not fit. */
function shipAddon(from: string, to: string): void {
  const file = 'native.node'
  if (existsSync(join(from, file))) cpSync(join(from, file), join(to, file))
}

/** A file that is JavaScript already imports what was compiled. */
function copyScript(file: string, from: string, to: string): void {
  const text = readFileSync(join(from, 'src', file), 'utf8')
  writeFileSync(join(to, 'dist', file), text.replaceAll(/(import\('\.\/[\w/-]+)\.ts'/g, "$1.js'"))
}

/** The manifest with exports that point to what was compiled, and versions that are exact. */
function published(manifest: Manifest, folder: string): object {
  for (const [name, version] of Object.entries(manifest.dependencies ?? {})) {
    if (!/^\d+\.\d+\.\d+$/.test(version))
      throw new Error(`${manifest.name}: ${name} ${version} is not pinned`)
  }
  const exports = Object.entries(manifest.exports).map(([path, source]) => {
    if (!existsSync(join(folder, source)))
      throw new Error(`${manifest.name}: ${path} is ${source}, which is not there`)
    const types = compiled(source, '.d.ts')
    return [path, { types, default: compiled(source, '.js') }] as const
  })
  const bin = Object.entries(manifest.bin ?? {}).map(
    ([name, source]) => [name, compiled(source, '.js')] as const,
  )
  return {
    ...manifest,
    files: ['dist'],
    ...(bin.length > 0 ? { bin: Object.fromEntries(bin) } : {}),
    exports: { ...Object.fromEntries(exports), './package.json': './package.json' },
  }
}

function compiled(source: string, ending: string): string {
  return source.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, ending)
}

function makeFiles(folders: readonly string[], output: string): readonly string[] {
  mkdirSync(output, { recursive: true })
  const listed = run('npm', ['pack', '--json', '--silent', '--pack-destination', output, ...folders])
  // npm 10 and 11 give a list, npm 12 a record by name.
  const packed = Object.values(JSON.parse(listed) as Record<string, { filename: string }>)
  return packed.map(({ filename }) => join(output, filename.replace(/^@/, '').replaceAll('/', '-')))
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  if (status !== 0) throw new Error(`${program} ${args[0]}: ${error?.message ?? ''}${stdout}${stderr}`)
  return stdout
}

if (import.meta.main) {
  const output = resolve(process.argv[2] ?? join(ROOT, 'dist', 'packages'))
  for (const file of pack(output)) console.log(file)
}
