/** Hosts whose kernel is Linux: a network namespace each, with one interface, whose cable the test holds. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Net } from '@mirage/net'
import { connect } from '@mirage/target-node/net'
import type { Child } from '../child.ts'
import { Namespace } from '../namespace.ts'

export { missing } from '../namespace.ts'

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
  readonly namespace: Namespace
  /** The other end of its cable. */
  readonly cable: Net
  /** The name of its interface. */
  readonly name: string
  /** Runs a program on it to its end, and gives what it printed; an exit code other than 0 throws. */
  run(program: string, ...args: readonly string[]): Promise<string>
  /** What a shell on it prints, errors too, whatever the exit code. */
  shell(line: string): Promise<string>
  /** Starts a program on it. `remove` ends it. */
  spawn(program: string, ...args: readonly string[]): Child
  /** Takes it away, with its programs. */
  remove(): void
}

let count = 0

/** Makes a host. Only root may. */
export async function linuxHost(options: HostOptions): Promise<LinuxHost> {
  const { addresses, mtu = 1500, settings = {}, hasOffloads = false } = options
  const name = `mi${process.pid}x${++count}`
  const namespace = await Namespace.create()
  try {
    await ip('tuntap', 'add', name, 'mode', 'tap', ...(hasOffloads ? ['vnet_hdr'] : []))
    await ip('link', 'set', name, 'mtu', String(mtu))
    const cable = await connect({}, { interface: hasOffloads ? `tap:${name}` : `tap:${name},plain` })
    if (!cable.ok) throw new Error(cable.error)
    await ip('link', 'set', name, 'netns', namespace.name)
    // An address that is checked for duplicates first could not be used for a second.
    for (const address of addresses)
      await namespace.run(
        'ip',
        'addr',
        'add',
        address,
        'dev',
        name,
        ...(address.includes(':') ? ['nodad'] : []),
      )
    await namespace.run('ip', 'link', 'set', name, 'up')
    await namespace.patience(name)
    for (const [path, value] of Object.entries(settings))
      await namespace.run('sysctl', '-qw', `net.${path.replaceAll('/', '.')}=${value}`)
    // What Linux does unless told; some distributions have another default. A namespace may say it by its routes only.
    const routes = (await namespace.run('ip', '-4', 'route', 'show', 'dev', name)).toString()
    for (const route of routes.split('\n').filter(Boolean))
      await namespace.run(
        'ip',
        'route',
        'change',
        ...route.trim().split(' '),
        'dev',
        name,
        'congctl',
        'cubic',
      )
    return new Host(namespace, name, cable.value)
  } catch (error) {
    namespace.remove()
    // It may have gone with its namespace.
    await ip('link', 'delete', name).catch(() => {})
    throw error
  }
}

/** While other hosts go on: a test may have several, and one that waits for its timers. */
async function ip(...args: readonly string[]): Promise<void> {
  await promisify(execFile)('ip', args)
}

class Host implements LinuxHost {
  readonly namespace: Namespace
  readonly name: string
  readonly cable: Net

  constructor(namespace: Namespace, name: string, cable: Net) {
    this.namespace = namespace
    this.name = name
    this.cable = cable
  }

  async run(program: string, ...args: readonly string[]): Promise<string> {
    return (await this.namespace.run(program, ...args)).toString()
  }

  shell(line: string): Promise<string> {
    return this.run('sh', '-c', `${line} 2>&1 || true`)
  }

  spawn(program: string, ...args: readonly string[]): Child {
    return this.namespace.spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  }

  remove(): void {
    this.cable.disconnect()
    this.namespace.remove()
  }
}
