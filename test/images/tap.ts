/** A network namespace whose only way out is a TAP interface: `tap0`, 10.0.0.1/24. */
import { spawnSync } from 'node:child_process'
import type { Child } from '../child.ts'
import { Namespace } from '../namespace.ts'

const TAP = 'ip tuntap add tap0 mode tap && ip addr add 10.0.0.1/24 dev tap0 && ip link set tap0 up'
/** For a test's `skip`: why there can be no such namespace here, or false. */
export function cannotTap(): string | false {
  const tried = spawnSync('unshare', ['--net', 'sh', '-c', TAP], { stdio: 'ignore' })
  return tried.status === 0 ? false : 'needs root, iproute2 and /dev/net/tun for a TAP in a network namespace'
}

/** Makes one. */
export async function withTap(): Promise<Namespace> {
  const namespace = await Namespace.create()
  namespace.call('sh', '-c', TAP)
  await namespace.patience('tap0')
  return namespace
}

/** Starts `command`, for a shell, in `namespace`; its process is the command's. */
export function spawnLine(namespace: Namespace, command: string): Child {
  return namespace.spawn('sh', ['-c', `exec ${command}`], { stdio: ['ignore', 'pipe', 'pipe'] })
}
