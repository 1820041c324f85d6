/** A newcomer's own project: the packages as they are published, in an empty folder, from `init` to a served page. */
import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { SHIPPED, missing } from '@mirage/engine-quickjs/files'
import { pack } from '../../scripts/pack.ts'
import { Child } from '../child.ts'
import { ROOT } from '../house/packages.ts'

const run = promisify(execFile)

describe('a newcomer', () => {
  // Outside the repository, where nothing of it can be found by looking upwards.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mirage-newcomer-')))
  const bin = join(folder, 'node_modules', '@mirage', 'cli', 'dist', 'bin.js')
  after(() => rmSync(folder, { recursive: true, force: true }))

  before(async () => {
    const files = pack(join(folder, 'packages'))
    const quietly = ['--no-fund', '--no-audit', '--prefer-offline', '--fetch-retries=5', '--loglevel=error']
    await run('npm', ['install', ...quietly, ...files], { cwd: folder, env: bare() })
  })

  it('finds nothing in the packages but compiled modules, their types and their papers', async () => {
    for (const name of readdirSync(join(folder, 'node_modules', '@mirage'))) {
      const files = readdirSync(join(folder, 'node_modules', '@mirage', name), {
        recursive: true,
        encoding: 'utf8',
      })
      const odd = files.filter(
        (file) => !/^(dist|dist\/.*|package\.json|README\.md|CHANGES\.md|LICENSE)$/.test(file),
      )
      assert.deepEqual(odd, [], name)
      assert.deepEqual(
        files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts')),
        [],
        name,
      )
    }
  })

  for (const [title, node] of nodes()) {
    const project = join(folder, title)
    const mirage = (...words: string[]): Promise<{ stdout: string }> =>
      run(node, [bin, ...words], { cwd: project, env: bare() })

    it(`makes a project with ${title}`, async () => {
      await run(node, [bin, 'init', title], { cwd: folder, env: bare() })
      const page = join(project, 'htdocs', 'index.html')
      writeFileSync(page, readFileSync(page, 'utf8').replace('</h1>', ' by a newcomer</h1>'))
      await mirage('configure')
    })

    it(`is told about a wrong device by ${title}, at the line`, async () => {
      const config = join(project, 'config.ts')
      const right = readFileSync(config, 'utf8')
      writeFileSync(config, right.replace("kvRo('./htdocs')", 'clock()'))
      const told = 'config.ts:8:46: devices.files: this is a Device<Clock>, but a Device<KvReader> is wanted'
      try {
        await assert.rejects(mirage('configure'), { code: 1, stderr: `error: ${told}\n` })
      } finally {
        writeFileSync(config, right)
      }
    })

    it(`builds with ${title} what a clone builds`, async () => {
      const { stdout } = await mirage('build')
      assert.match(stdout, /^ *\d+ {2}@mirage\/tcp$/m)
      assert.match(stdout, /dist\/.*\.mjs \(\d+ with gzip\)\n$/)
    })

    /** What the first URL of `mirage run` answers; Ctrl-C then ends it with 0. */
    const served = async (check: (response: Response) => Promise<void>): Promise<void> => {
      const child = new Child(
        spawn(node, [bin, 'run', '--publish', '0:80'], {
          cwd: project,
          env: bare(),
          stdio: ['ignore', 'pipe', 'pipe'],
        }),
      )
      try {
        // It is waited for some seconds once it has an address.
        await child.prints(/\[stack\] address /)
        const [url] = await child.prints(/http:\/\/\S+(?=\n)/)
        await check(await fetch(url))
      } finally {
        child.process.kill('SIGINT')
      }
      assert.deepEqual(await child.end, { code: 0, signal: null }, child.output)
    }

    it(`is served its page with ${title}, and ends it with Ctrl-C`, () =>
      served(async (response) => {
        assert.equal(response.status, 200)
        assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
        assert.match(await response.text(), /by a newcomer<\/h1>/)
      }))

    it(`is served the same page by a sealed process with ${title}`, {
      skip: missing(...SHIPPED),
    }, async () => {
      await mirage('configure', '--target', 'spt')
      await mirage('build')
      await served(async (response) => assert.match(await response.text(), /by a newcomer<\/h1>/))
    })
  }

  if (nodes().length === 1)
    it('does the same with an older Node', { skip: 'there is none on the path' }, () => {})
})

/** The Node of this process, and one on the path that is older, if there is one. */
function nodes(): readonly (readonly [title: string, path: string])[] {
  const found: [string, string][] = [[`node${process.versions.node.split('.')[0]}`, process.execPath]]
  for (const folder of pathOutside()) {
    const path = join(folder, 'node')
    const { stdout, status } = spawnSync(path, ['--version'], { encoding: 'utf8' })
    const major = Number(/^v(\d+)/.exec(status === 0 ? stdout : '')?.[1] ?? 0)
    if (major >= 20 && major < 24) return [...found, [`node${major}`, path]]
  }
  return found
}

/** The path without the programs of the repository. */
function pathOutside(): readonly string[] {
  return (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.startsWith(ROOT))
}

/** An environment in which nothing points back to the repository. */
function bare(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|INIT_CWD)/.test(name))
  return { ...Object.fromEntries(kept), PATH: pathOutside().join(delimiter) }
}
