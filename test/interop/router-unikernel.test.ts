import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { missing as missingFiles, pathOf } from '../../packages/engine-quickjs/src/files.ts'
import { Namespace, missing } from '../namespace.ts'
import { PATIENCE_S } from '../patience.ts'
import { skipWithout } from '../system.ts'
import { Project } from '../unikernels/running.ts'

/** A web server that says who asks. */
const WEB = `require('http').createServer((q, s) => s.end(q.socket.remoteAddress + '\\n')).listen(80, '::', () => console.log('ready'))`
const ARGS = [
  '--inside-ipv4=10.95.1.1/24',
  '--outside-ipv4=10.95.2.1/24',
  '--outside-ipv4-gateway=10.95.2.254',
  '--inside-ipv6=fd95:1::1/64',
  '--outside-ipv6=fd95:2::1/64',
  '--outside-ipv6-gateway=fd95:2::2',
]

/** The router's process in a namespace, and a namespace behind each of its TAP devices. */
class Site {
  readonly #router: Namespace
  readonly #inside: Namespace
  readonly #outside: Namespace

  private constructor(router: Namespace, inside: Namespace, outside: Namespace) {
    this.#router = router
    this.#inside = inside
    this.#outside = outside
    for (const name of ['tap0', 'tap1']) router.call('ip', 'tuntap', 'add', name, 'mode', 'tap')
  }

  static async create(): Promise<Site> {
    return new Site(await Namespace.create(), await Namespace.create(), await Namespace.create())
  }

  /** Starts `program`, which opens both devices, and leads each to its namespace when it has. */
  async start(program: string, args: readonly string[], cwd: string): Promise<void> {
    const child = this.#router.spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    await child.prints(/\[router\] leads/)
    // The first device is the outside's, as in the configuration.
    for (const [name, namespace, at, at6] of [
      ['tap1', this.#inside, '10.95.1.2/24', 'fd95:1::2/64'],
      ['tap0', this.#outside, '10.95.2.2/24', 'fd95:2::2/64'],
    ] as const) {
      this.#router.call('ip', 'link', 'set', name, 'netns', namespace.name)
      namespace.call('ip', 'addr', 'add', at, 'dev', name)
      namespace.call('ip', 'addr', 'add', at6, 'dev', name, 'nodad')
      namespace.call('ip', 'link', 'set', name, 'up')
      await namespace.patience(name)
    }
    this.#inside.call('ip', 'route', 'add', 'default', 'via', '10.95.1.1')
    this.#outside.call('ip', '-6', 'route', 'add', 'fd95:1::/64', 'via', 'fd95:2::1')
    for (const namespace of [this.#inside, this.#outside]) {
      const web = namespace.spawn(process.execPath, ['-e', WEB], { stdio: ['ignore', 'pipe', 'inherit'] })
      await web.prints(/^ready$/m)
    }
  }

  /** What a shell inside or outside prints. */
  shell(where: 'inside' | 'outside', line: string): string {
    const namespace = where === 'inside' ? this.#inside : this.#outside
    return namespace.call('sh', '-c', `${line} 2>&1 || true`)
  }

  remove(): void {
    for (const namespace of [this.#router, this.#inside, this.#outside]) namespace.remove()
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
      await project.build()
      site = await Site.create()
      const rule = '--ipv6-rule="allow in tcp to fd95:1::2 port 8080"'
      const words = [...ARGS, '--forward=tcp:8080:10.95.1.2:80', rule]
      const taps = ['--outside-interface=tap:tap0', '--inside-interface=tap:tap1']
      const nets = ['--mem=256', '--net:outside=tap0', '--net:inside=tap1']
      if (target === 'unix')
        await site.start(process.execPath, ['dist/router.mjs', ...taps, ...words], project.folder)
      else await site.start(pathOf('spt'), [...nets, '--', 'dist/router.spt', ...words], project.folder)
    })
    after(() => {
      site?.remove()
      project?.remove()
    })

    it('leads hosts inside to the outside, behind its address', () => {
      assert.match(site.shell('inside', 'curl -s -m 60 http://10.95.2.2/'), /10\.95\.2\.1$/m)
    })

    it('leads by a forwarded port to a host inside', () => {
      assert.match(site.shell('outside', 'curl -s -m 60 http://10.95.2.1:8080/'), /10\.95\.2\.2$/m)
    })

    it('tells hosts inside their address, and the way out by IPv6', () => {
      const [own, way] = [
        'ip -6 addr show scope global dynamic -tentative',
        'ip -6 route show default proto ra',
      ]
      site.shell(
        'inside',
        `timeout ${PATIENCE_S} sh -c 'until ${own} | grep fd95:1: && ${way} | grep via; do sleep 0.1; done'`,
      )
      assert.match(site.shell('inside', own), /fd95:1:.*\/64/)
      assert.match(site.shell('inside', way), /default via fe80::/)
      assert.match(site.shell('inside', 'curl -s -m 60 http://[fd95:2::2]/'), /^fd95:1:/m)
    })

    it('lets others inside by IPv6 only where a rule does', () => {
      const asked = (seconds: number, port: number): string =>
        site.shell('outside', `curl -s -m ${seconds} -w "%{errormsg}" http://[fd95:1::2]:${port}/`)
      assert.match(asked(1, 80), /timed out/)
      // Nobody listens there, and says so.
      assert.match(asked(60, 8080), /to connect/)
    })

    it('is pinged, and pinged through', () => {
      // Nobody joins the fragments of what is for an address of another link.
      for (const [to, size] of [
        ['10.95.1.1', 3000],
        ['10.95.2.1', 1000],
        ['10.95.2.2', 3000],
      ])
        assert.match(site.shell('inside', `ping -c 2 -i 0.1 -W 60 -s ${size} ${to}`), / 0% packet loss/)
    })
  })
}
