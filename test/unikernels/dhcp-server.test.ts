/** The unikernel that leases addresses, on a TAP device, with a client that people have. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'
import { Namespace, missing } from '../namespace.ts'
import { skipWithout } from '../system.ts'
import { Project } from './running.ts'

/** Milliseconds; far more than a busy machine needs. */
const PATIENCE = 60_000

/** Starts the unikernel in `namespace`, and waits until it leases. */
async function start(namespace: Namespace, folder: string): Promise<ChildProcess> {
  const args = ['--interface=tap:tap0,plain', '--ipv4=10.96.0.1/24', '--range=10.96.0.100-10.96.0.199']
  const options = { cwd: folder, timeout: PATIENCE, killSignal: 'SIGKILL' } as const
  const child = namespace.spawn(process.execPath, ['dist/dhcp-server.mjs', ...args], options)
  let output = ''
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  while (!output.includes('leases 10.96.0.100-')) {
    assert.equal(child.exitCode, null, output)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  namespace.call('ip', 'link', 'set', 'tap0', 'up')
  return child
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** The address that udhcpc got, which prints it through its script. */
function lease(namespace: Namespace, folder: string, ...options: readonly string[]): string {
  const script = path.join(folder, 'script')
  fs.writeFileSync(script, '#!/bin/sh\n[ "$1" = bound ] && echo "$ip"\ntrue\n', { mode: 0o755 })
  const line = `udhcpc -f -n -q -t 4 -T 2 -i tap0 -s ${script} ${options.join(' ')} 2>/dev/null`
  return namespace.call('sh', '-c', line).trim()
}

const skip = missing() || skipWithout('udhcpc')

it('applications/dhcp-server leases an address, and remembers whose it is', {
  skip,
  timeout: 2 * PATIENCE,
}, async () => {
  const project = new Project('applications/dhcp-server')
  const namespace = await Namespace.create()
  try {
    await project.configure('--leases=folder')
    const { folder } = project
    fs.mkdirSync(path.join(folder, 'leases'))
    const tool = path.resolve(import.meta.dirname, '../../packages/cli/src/bin.js')
    execFileSync(process.execPath, [tool, 'build'], { cwd: folder, stdio: 'ignore', timeout: PATIENCE })
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
