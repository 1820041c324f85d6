/** What READMEs show is true: their examples are type-checked, run where they are whole, and their commands work. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { Shell } from '../cli/transcript.ts'
import { PATIENCE_MS } from '../patience.ts'
import { ROOT, packages } from './packages.ts'

const run = promisify(execFile)

/** What an example may speak of without saying where it comes from. */
const GIVEN: Readonly<Record<string, string>> = {
  address: "import('@mirage/address/ipv4').Ipv4",
  app: '{ fetch(request: Request): Response | Promise<Response> }',
  arp: "import('@mirage/arp').Arp",
  cidr: "import('@mirage/address/ipv4').Cidr",
  clock: "import('@mirage/clock').Clock",
  count: 'number',
  dst: "import('@mirage/address/ipv4').Ipv4",
  entropyOfTheHost: 'Uint8Array',
  ethernet: "import('@mirage/ethernet').Ethernet",
  event: 'Uint8Array',
  fillHeader: '(header: Uint8Array) => number',
  gateway: "import('@mirage/address/ipv4').Ipv4",
  icmp: "import('@mirage/icmp').Icmp",
  ip: "import('@mirage/ip').Ipv4Layer",
  net: "import('@mirage/net').Net",
  payload: 'Uint8Array',
  random: "import('@mirage/random').Random",
  serve: "typeof import('@mirage/http').serve",
  stack: "import('@mirage/stack').Stack",
  store: "import('@mirage/kv').KvReader",
}

/** Whole, but not for a test. */
const NOT_RUN: Readonly<Record<string, string>> = {
  gateway: 'it takes port 8080 and runs a file of the reader',
  configure: 'the tool runs it',
  'kv-dir': 'it reads a folder of the reader',
  'target-solo5': 'it runs where the engine of an image is',
}

/** Files that examples import from the reader's own project. */
const FILES = {
  'unikernel.ts': `export async function start(devices: {
    clock: import('@mirage/clock').Clock
    stack: import('@mirage/stack').Stack
    files: import('@mirage/kv').KvReader
  }): Promise<void> {}`,
  'led.ts': `export function connect(needs: { clock: import('@mirage/clock').Clock }): { ok: true; value: import('@mirage/kv').Kv } {
    throw new Error()
  }`,
}

interface Example {
  /** The file that it is written to, without its ending. */
  readonly name: string
  readonly package: string
  readonly code: string
  /** The names that it uses and does not declare. */
  readonly given: readonly string[]
}

/** The blocks of `markdown`, indented by four spaces or fenced. */
function blocks(markdown: string): readonly string[] {
  const fenced = [...markdown.matchAll(/^```ts\n([^]*?)^```$/gm)].map((match) => match[1]!)
  const plain = markdown.replace(/^```[^]*?^```$/gm, '')
  const indented = [...plain.matchAll(/(?:^ {4}.*\n(?:\n(?= {4}))*)+/gm)]
  return [...indented.map(([text]) => text.replace(/^ {4}/gm, '')), ...fenced]
}

function examplesOf(name: string, markdown: string): readonly Example[] {
  return blocks(markdown)
    .filter((code) => /^(import|const|export|\/\/) /.test(code))
    .map((code, index) => ({ name: `${name}-${index}`, package: name, code, given: givenFor(code) }))
}

function givenFor(code: string): readonly string[] {
  const bare = code.replace(/'[^']*'|\/\/.*/g, '')
  const isDeclared = (name: string): boolean =>
    new RegExp(`\\(${name}\\) =>|(import|const|let)\\b[^=;]*\\b${name}\\b[^=;]*(=|from)`).test(bare)
  const isUsed = (name: string): boolean => new RegExp(`(?<![.\\w])${name}\\b(?!\\s*:)`).test(bare)
  return Object.keys(GIVEN).filter((name) => isUsed(name) && !isDeclared(name))
}

/** What `code` says that it prints: the comments after `console.log`, and those that say `prints`. */
function printed(code: string): readonly string[] {
  return code.split('\n').flatMap((line) => {
    const [, text] =
      /console\.log\(.*\/\/ (?:prints )?(.*)$/.exec(line) ?? /\/\/ prints (.*)$/.exec(line) ?? []
    return text === undefined ? [] : [text]
  })
}

describe('the READMEs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mirage-readmes-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text)

  const readmes = packages().flatMap(({ name, folder }) => {
    const path = join(folder, 'README.md')
    return existsSync(path) ? [{ name, text: readFileSync(path, 'utf8') }] : []
  })
  const examples = readmes.flatMap(({ name, text }) => examplesOf(name, text))

  it('have examples that the compiler accepts', async () => {
    const checked = join(folder, 'checked')
    mkdirSync(checked)
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(checked, name), text)
    // The second example of a configuration goes on where the first one ends.
    const imports = `import { oneOf } from '@mirage/configure/option'
import { device, match } from '@mirage/configure/device'
import { clock, memoryKv } from '@mirage/configure/devices'`
    for (const { name, code, given } of examples) {
      const rest = code.includes("typeof import('./led.ts')") ? imports : ''
      const declared = given.map((each) => `declare const ${each}: ${GIVEN[each]}`)
      writeFileSync(join(checked, `${name}.ts`), [rest, code, ...declared, 'export {}', ''].join('\n'))
    }
    const compilerOptions = {
      strict: true,
      target: 'es2022',
      lib: ['es2022'],
      module: 'preserve',
      types: ['node'],
      noEmit: true,
      skipLibCheck: true,
    }
    writeFileSync(join(checked, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    const locator = join(
      dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
      'lib/getExePath.js',
    )
    const { default: compiler } = (await import(pathToFileURL(locator).href)) as { default: () => string }
    const told = await run(compiler(), ['--project', checked, '--pretty', 'false'], { cwd: checked }).then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    )
    const ours = told.split('\n').filter((line) => /^[a-z]/.test(line) && !line.startsWith('node_modules'))
    assert.deepEqual(ours, [])
  })

  for (const { name, package: owner, code, given } of examples) {
    if (given.length > 0 || NOT_RUN[owner] !== undefined || code.startsWith('const ')) continue
    it(`have an example of ${owner} that does what it says`, async () => {
      writeFileSync(join(folder, `${name}.ts`), code)
      const { stdout } = await run(process.execPath, [join(folder, `${name}.ts`)], { timeout: PATIENCE_MS })
      for (const text of printed(code)) assert.ok(stdout.includes(text), `${text} in ${stdout}`)
    })
  }

  for (const [title, path] of [
    ['the project', join(ROOT, 'README.md')],
    ['the tool', join(ROOT, 'packages/cli/README.md')],
  ] as const) {
    it(`have commands that work one after the other: ${title}`, async () => {
      const shell = new Shell()
      try {
        const block = blocks(readFileSync(path, 'utf8')).find((text) => text.includes('mirage init'))!
        const commands = block
          .split('\n')
          .map((line) => line.replace(/\s+#.*/, ''))
          .filter((line) => line !== '' && !line.endsWith('mirage run'))
        // npm leaves a package.json behind; npx finds the tool that the test has on its path.
        const stubs = `npm() { test -e package.json || echo '{}' > package.json; }; npx() { "$@"; }`
        const seen = await shell.run([stubs, 'set -e', ...commands, 'test -s dist/mysite.mjs'].join('\n'))
        assert.doesNotMatch(seen.join('\n'), /error|^\[/m)
      } finally {
        shell.remove()
      }
    })
  }
})
