/** The unikernel that leases addresses, on a TAP device, with a client that people have. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'
import type { Child } from '../child.ts'
import { Namespace, missing } from '../namespace.ts'
import { TEST_MS } from '../patience.ts'
import { skipWithout } from '../system.ts'
import { Project } from './running.ts'

/** Starts the unikernel in `namespace`, and waits until it leases. */
async function start(namespace: Namespace, folder: string): Promise<Child> {
  const args = ['--interface=tap:tap0,plain', '--ipv4=10.96.0.1/24', '--range=10.96.0.100-10.96.0.199']
  const child = namespace.spawn(process.execPath, ['dist/dhcp-server.mjs', ...args], { cwd: folder })
  await child.prints(/leases 10\.96\.0\.100-/)
  namespace.call('ip', 'link', 'set', 'tap0', 'up')
  return child
}

async function end(child: Child): Promise<void> {
  child.process.kill('SIGTERM')
  await child.ended()
}

/** The address that udhcpc got, which prints it through its script. */
function lease(namespace: Namespace, folder: string, ...options: readonly string[]): string {
  const script = path.join(folder, 'script')
  fs.writeFileSync(script, '#!/bin/sh\n[ "$1" = bound ] && echo "$ip"\ntrue\n', { mode: 0o755 })
  const line = `udhcpc -f -n -q -t 40 -T 3 -i tap0 -s ${script} ${options.join(' ')} 2>/dev/null`
  return namespace.call('sh', '-c', line).trim()
}

const skip = missing() || skipWithout('udhcpc')

it('applications/dhcp-server leases an address, and remembers whose it is', {
  skip,
  timeout: TEST_MS,
}, async () => {
  const project = new Project('applications/dhcp-server')
  const namespace = await Namespace.create()
  try {
    await project.configure('--leases=folder')
    const { folder } = project
    fs.mkdirSync(path.join(folder, 'leases'))
    await project.build()
    namespace.call('ip', 'tuntap', 'add', 'tap0', 'mode', 'tap')
    const first = await start(namespace, folder)
    assert.equal(lease(namespace, folder, '-r', '10.96.0.150'), '10.96.0.150')
    await end(first)
    assert.deepEqual(fs.readdirSync(path.join(folder, 'leases/leases')), ['10.96.0.150'])
    const second = await start(namespace, folder)
    assert.equal(lease(namespace, folder), '10.96.0.150')
    await end(second)
  } finally {
    namespace.remove()
    project.remove()
  }
})
