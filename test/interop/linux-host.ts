/** Hosts whose kernel is Linux: a network namespace each, with one interface, whose cable the test holds. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import type { Net } from '@mirage/net'
import { connect } from '@mirage/target-node/net'

const run = promisify(execFile)

/** What a host is like. */
export interface HostOptions {
  /** `10.99.0.1/24`, or `fd00::1/64`. */
  readonly addresses: readonly string[]
  /** 1500 unless told. */
  readonly mtu?: number
  /** Settings of its kernel, by their paths under `net`: `ipv4/tcp_sack` is `0`. */
  readonly settings?: Readonly<Record<string, string>>
  /** Let the kernel leave cuts and checksums to the other end of the cable. */
  readonly hasOffloads?: boolean
}

/** A host that was made. */
export interface LinuxHost {
  readonly namespace: string
  /** The other end of its cable. */
  readonly cable: Net
  /** The name of its interface. */
  readonly name: string
  /** Runs a program on it to its end, and gives what it printed; an exit code other than 0 throws. */
  run(program: string, ...args: readonly string[]): Promise<string>
  /** Starts a program on it. `remove` ends it. */
  spawn(program: string, ...args: readonly string[]): ChildProcess
  /** Takes it away, with its programs. */
  remove(): void
}

let count = 0

/** Makes a host. Only root may. */
export async function linuxHost(options: HostOptions): Promise<LinuxHost> {
  const { addresses, mtu = 1500, settings = {}, hasOffloads = false } = options
  const name = `mi${process.pid}x${++count}`
  const namespace = name
  const ip = (...args: readonly string[]): string => execFileSync('ip', args, { encoding: 'utf8' })
  ip('netns', 'add', namespace)
  try {
    ip('tuntap', 'add', name, 'mode', 'tap', ...(hasOffloads ? ['vnet_hdr'] : []))
    ip('link', 'set', name, 'mtu', String(mtu))
    const cable = await connect({}, { interface: hasOffloads ? `tap:${name}` : `tap:${name},plain` })
    if (!cable.ok) throw new Error(cable.error)
    ip('link', 'set', name, 'netns', namespace)
    const inside = (...args: readonly string[]): string => ip('netns', 'exec', namespace, ...args)
    // An address that is checked for duplicates first could not be used for a second.
    for (const address of addresses)
      inside('ip', 'addr', 'add', address, 'dev', name, ...(address.includes(':') ? ['nodad'] : []))
    inside('ip', 'link', 'set', 'lo', 'up')
    inside('ip', 'link', 'set', name, 'up')
    for (const [path, value] of Object.entries(settings))
      inside('sysctl', '-qw', `net.${path.replaceAll('/', '.')}=${value}`)
    // What Linux does unless told; some distributions have another default. A namespace may say it by its routes only.
    for (const route of inside('ip', '-4', 'route', 'show', 'dev', name).split('\n').filter(Boolean))
      inside('ip', 'route', 'change', ...route.trim().split(' '), 'dev', name, 'congctl', 'cubic')
    return new Host(namespace, name, cable.value)
  } catch (error) {
    ip('netns', 'delete', namespace)
    removeLink(name)
    throw error
  }
}

function removeLink(name: string): void {
  try {
    execFileSync('ip', ['link', 'delete', name], { stdio: 'ignore' })
  } catch {
    // It went with its namespace.
  }
}

class Host implements LinuxHost {
  readonly namespace: string
  readonly name: string
  readonly cable: Net
  readonly #children: Set<ChildProcess> = new Set()

  constructor(namespace: string, name: string, cable: Net) {
    this.namespace = namespace
    this.name = name
    this.cable = cable
  }

  async run(program: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await run('ip', ['netns', 'exec', this.namespace, program, ...args], {
      maxBuffer: 1 << 24,
    })
    return stdout
  }

  spawn(program: string, ...args: readonly string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.namespace, program, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    return child
  }

  remove(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    this.cable.disconnect()
    execFileSync('ip', ['netns', 'delete', this.namespace])
    // An interface that outlives its namespace comes back to ours.
    removeLink(this.name)
  }
}

/** Why such hosts cannot be made here; `false` if they can: the `skip` of a test. */
export function missing(): string | false {
  if (process.platform !== 'linux') return 'namespaces are Linux’s'
  if (process.getuid?.() !== 0) return 'only root makes network namespaces'
  try {
    execFileSync('ip', ['-V'], { stdio: 'ignore' })
  } catch {
    return 'ip(8) is missing: apt-get install iproute2'
  }
  return false
}
