/** Checks the types of a project with the TypeScript compiler, a native program that takes a fraction of a second. */
import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { explain } from './explain-types.ts'
import { removeIfEmpty } from './file.ts'
import { onInterrupt } from './interrupt.ts'
import { packageOf } from './package.ts'
import { type Problem, reason } from './problem.ts'
import type { Project } from './project.ts'

/** Every type error in `config.ts` and the project's files that it leads to, at the user's lines. */
export async function checkTypes(project: Project): Promise<readonly Problem[]> {
  // TypeScript looks for @types beside its configuration, so it has to be in the project, for a moment.
  let folder: string | undefined
  const remove = (): void => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
    removeIfEmpty(project.cache, project.folder)
  }
  const forget = onInterrupt(remove)
  try {
    mkdirSync(project.cache, { recursive: true })
    folder = mkdtempSync(join(project.cache, 'types-'))
  } catch (error) {
    forget()
    return [{ message: `${project.folder} cannot be written: ${reason(error)}` }]
  }
  try {
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings(project, folder)))
    return diagnostics(await run(project.folder, folder), project)
  } finally {
    forget()
    remove()
  }
}

/** The settings that the editor uses, from the nearest tsconfig.json, for `config.ts` and what it imports. */
function settings(project: Project, from: string): object {
  const nearest = nearestSettings(project.folder)
  return {
    ...(nearest === undefined ? {} : { extends: nearest }),
    compilerOptions: {
      ...(nearest === undefined ? { strict: true, target: 'es2022', module: 'preserve', types: [] } : {}),
      noEmit: true,
      declaration: false,
      composite: false,
      incremental: false,
      isolatedDeclarations: false,
      allowImportingTsExtensions: true,
      skipLibCheck: true,
    },
    files: [relative(from, project.config)],
    include: [],
    exclude: [],
  }
}

function nearestSettings(folder: string): string | undefined {
  const here = join(folder, 'tsconfig.json')
  if (existsSync(here)) return here
  return dirname(folder) === folder ? undefined : nearestSettings(dirname(folder))
}

async function run(cwd: string, settingsFolder: string): Promise<string> {
  const compiler = await compilerPath()
  const args = ['--project', settingsFolder, '--pretty', 'false']
  return new Promise((resolve, reject) => {
    const child = execFile(compiler, args, { cwd, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      forget()
      // 1 and 2 are the compiler's ways to say that there are errors; anything else is that it did not run.
      if (error === null || error.code === 1 || error.code === 2) return resolve(stdout)
      reject(new Error(`the TypeScript compiler failed: ${stderr || error.message}`))
    })
    const forget = onInterrupt(() => child.kill('SIGKILL'))
  })
}

/** The native compiler: starting it directly saves starting a Node that starts it. */
async function compilerPath(): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json')
  const locator = pathToFileURL(join(dirname(manifest), 'lib', 'getExePath.js')).href
  const { default: getExePath } = (await import(locator)) as { default: () => string }
  return getExePath()
}

/** The compiler's words as problems. What is wrong inside Mirage's own packages is not the user's. */
function diagnostics(output: string, project: Project): readonly Problem[] {
  const problems: Problem[] = []
  for (const line of output.split('\n')) {
    const match = /^(?:(.+?)\((\d+),(\d+)\): )?error (TS\d+): (.*)$/.exec(line)
    if (match === null) continue
    const [, path, lineNumber, column, code, message] = match
    if (path === undefined) {
      problems.push({ message: message! })
      continue
    }
    const file = resolve(project.folder, path)
    if (!isTheirs(file, project)) continue
    const place = { file, line: Number(lineNumber), column: Number(column) }
    const text =
      file === project.config ? explain(code!, message!, readFileSync(file, 'utf8'), place) : message!
    problems.push({ ...place, message: text })
  }
  return problems
}

function isTheirs(file: string, project: Project): boolean {
  if (relative(project.folder, file).split('/').includes('node_modules')) return false
  if (!relative(project.folder, file).startsWith('..')) return true
  return !packageOf(existsSync(file) ? realpathSync(file) : file)?.name.startsWith('@mirage/')
}
