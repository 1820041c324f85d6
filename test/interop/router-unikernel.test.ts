import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { missing as missingFiles, pathOf } from '../../packages/engine-quickjs/src/files.ts'
import { skipWithout } from '../system.ts'
import { Project, Running } from '../unikernels/running.ts'
import { missing } from './linux-host.ts'

/** A web server that says who asks. */
const WEB = `require('http').createServer((q, s) => s.end(q.socket.remoteAddress + '\\n')).listen(80, () => console.log('ready'))`
const ARGS = [
  '--inside-ipv4=10.95.1.1/24',
  '--outside-ipv4=10.95.2.1/24',
  '--outside-ipv4-gateway=10.95.2.254',
]
const PATIENCE = 30_000

function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

/** The router's process in a namespace, and a namespace behind each of its TAP devices. */
class Site {
  readonly #names: readonly [router: string, inside: string, outside: string]
  readonly #children: ChildProcess[] = []
  output = ''

  constructor(prefix: string) {
    const base = `mr${process.pid}${prefix}`
    this.#names = [`${base}r`, `${base}i`, `${base}o`]
    for (const name of this.#names) ip('netns', 'add', name)
    for (const index of [0, 1]) ip('-n', this.#names[0], 'tuntap', 'add', `tap${index}`, 'mode', 'tap')
  }

  /** Starts `command`, which opens both devices, and leads each to its namespace when it has. */
  async start(command: readonly string[], cwd: string): Promise<void> {
    const [router, inside, outside] = this.#names
    const child = spawn('ip', ['netns', 'exec', router, ...command], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#children.push(child)
    const said = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`it does not start:\n${this.output}`)), PATIENCE)
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => {
          this.output += chunk.toString()
          if (/\[router\] leads/.test(this.output)) resolve(clearTimeout(timer))
        })
      }
    })
    await said
    // The first device is the outside's, as in the configuration.
    for (const [index, namespace, at] of [
      [1, inside, '10.95.1.2/24'],
      [0, outside, '10.95.2.2/24'],
    ] as const) {
      ip('-n', router, 'link', 'set', `tap${index}`, 'netns', namespace)
      ip('-n', namespace, 'addr', 'add', at, 'dev', `tap${index}`)
      ip('-n', namespace, 'link', 'set', `tap${index}`, 'up')
    }
    ip('-n', inside, 'route', 'add', 'default', 'via', '10.95.1.1')
    for (const namespace of [inside, outside]) {
      const web = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', WEB], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      this.#children.push(web)
      await once(web.stdout, 'data')
    }
  }

  /** What a shell inside or outside prints. */
  shell(where: 'inside' | 'outside', line: string): string {
    const namespace = this.#names[where === 'inside' ? 1 : 2]
    return execFileSync('ip', ['netns', 'exec', namespace, 'sh', '-c', `${line} 2>&1 || true`], {
      encoding: 'utf8',
    })
  }

  remove(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    for (const name of this.#names) ip('netns', 'delete', name)
  }
}

const TARGETS = [
  ['unix', false],
  ['spt', missingFiles('base-spt.elf', 'qjs-compile', 'spt')],
] as const

const cannot = missing() || skipWithout('curl') || skipWithout('ping')

for (const [target, skip] of TARGETS) {
  describe(`the router unikernel (${target})`, {
    skip: cannot || skip,
  }, () => {
    let project: Project
    let site: Site
    before(async () => {
      project = new Project('applications/router')
      await project.configure(`--target=${target}`)
      const built = new Running(project.folder, ['build'])
      assert.equal(await built.ended(), 0, built.output)
      site = new Site(target)
      const words = [...ARGS, '--forward=tcp:8080:10.95.1.2:80']
      const command =
        target === 'unix'
          ? [
              process.execPath,
              'dist/router.mjs',
              '--outside-interface=tap:tap0',
              '--inside-interface=tap:tap1',
              ...words,
            ]
          : [
              pathOf('spt'),
              '--mem=256',
              '--net:outside=tap0',
              '--net:inside=tap1',
              '--',
              'dist/router.spt',
              ...words,
            ]
      await site.start(command, project.folder)
    })
    after(() => {
      site?.remove()
      project?.remove()
    })

    it('leads hosts inside to the outside, behind its address', () => {
      assert.match(site.shell('inside', 'curl -s -m 5 http://10.95.2.2/'), /10\.95\.2\.1$/m)
    })

    it('leads by a forwarded port to a host inside', () => {
      assert.match(site.shell('outside', 'curl -s -m 5 http://10.95.2.1:8080/'), /10\.95\.2\.2$/m)
    })

    it('is pinged, and pinged through', () => {
      // Nobody joins the fragments of what is for an address of another link.
      for (const [to, size] of [
        ['10.95.1.1', 3000],
        ['10.95.2.1', 1000],
        ['10.95.2.2', 3000],
      ])
        assert.match(site.shell('inside', `ping -c 2 -i 0.1 -W 2 -s ${size} ${to}`), / 0% packet loss/)
    })
  })
}
