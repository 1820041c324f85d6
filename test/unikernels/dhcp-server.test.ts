/** The unikernel that leases addresses, on a TAP device, with a client that people have. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { it } from 'node:test'
import { missing } from '../interop/linux-host.ts'
import { skipWithout } from '../system.ts'
import { Project } from './running.ts'

/** Milliseconds; far more than a busy machine needs. */
const PATIENCE = 60_000

/** A network namespace whose only interface is `tap0`. */
const NAMESPACE = `midhcp${process.pid}`

function inside(...command: readonly string[]): string {
  return execFileSync('ip', ['netns', 'exec', NAMESPACE, ...command], { encoding: 'utf8', timeout: PATIENCE })
}

/** What a test that fails leaves. */
const children: Set<ChildProcess> = new Set()

/** Starts the unikernel, and waits until it leases. */
async function start(folder: string): Promise<ChildProcess> {
  const args = ['--interface=tap:tap0,plain', '--ipv4=10.96.0.1/24', '--range=10.96.0.100-10.96.0.199']
  const command = ['netns', 'exec', NAMESPACE, process.execPath, 'dist/dhcp-server.mjs', ...args]
  const child = spawn('ip', command, { cwd: folder, timeout: PATIENCE, killSignal: 'SIGKILL' })
  children.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  while (!output.includes('leases 10.96.0.100-')) {
    assert.equal(child.exitCode, null, output)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  inside('ip', 'link', 'set', 'tap0', 'up')
  return child
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** The address that udhcpc got, which prints it through its script. */
function lease(folder: string, ...options: readonly string[]): string {
  const script = path.join(folder, 'script')
  fs.writeFileSync(script, '#!/bin/sh\n[ "$1" = bound ] && echo "$ip"\ntrue\n', { mode: 0o755 })
  const line = `udhcpc -f -n -q -t 4 -T 2 -i tap0 -s ${script} ${options.join(' ')} 2>/dev/null`
  return inside('sh', '-c', line).trim()
}

const skip = missing() || skipWithout('udhcpc')

it('applications/dhcp-server leases an address, and remembers whose it is', {
  skip,
  timeout: 2 * PATIENCE,
}, async () => {
  const project = new Project('applications/dhcp-server')
  execFileSync('ip', ['netns', 'add', NAMESPACE])
  try {
    await project.configure('--leases=folder')
    const { folder } = project
    fs.mkdirSync(path.join(folder, 'leases'))
    const tool = path.resolve(import.meta.dirname, '../../packages/cli/src/bin.js')
    execFileSync(process.execPath, [tool, 'build'], { cwd: folder, stdio: 'ignore', timeout: PATIENCE })
    inside('ip', 'tuntap', 'add', 'tap0', 'mode', 'tap')
    const first = await start(folder)
    assert.equal(lease(folder, '-r', '10.96.0.150'), '10.96.0.150')
    await end(first)
    assert.deepEqual(fs.readdirSync(path.join(folder, 'leases/leases')), ['10.96.0.150'])
    const second = await start(folder)
    assert.equal(lease(folder), '10.96.0.150')
    await end(second)
  } finally {
    for (const child of children) child.kill('SIGKILL')
    execFileSync('ip', ['netns', 'delete', NAMESPACE])
    project.remove()
  }
})
