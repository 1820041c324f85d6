/** The contract suites, run inside an image on every target that has one. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import type { Duplex } from 'node:stream'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { build } from 'esbuild'
import { missing, pathOf } from '../../packages/engine-quickjs/src/files.ts'
import { assemble } from '../../packages/image/src/image.ts'
import { PATIENCE_MS } from '../patience.ts'
import { skipWithout } from '../system.ts'
import { run as runMachine } from './machine.ts'

const INSIDE = path.join(import.meta.dirname, 'inside')
const DEVICES = [
  { name: 'a', type: 'NET_BASIC' },
  { name: 'b', type: 'NET_BASIC' },
  { name: 'disk', type: 'BLOCK_BASIC' },
] as const
/** Bytes: 64 sectors. */
const DISK_SIZE = 32 * 1024

describe('an image passes the suites of its devices', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mirage-suites-'))
  const disk = path.join(folder, 'disk')
  after(() => fs.rmSync(folder, { recursive: true }))

  const spt = missing('base-spt.elf', 'qjs-compile', 'spt')
  const virtio = missing('base-virtio.elf', 'qjs-compile') || skipWithout('qemu-system-x86_64')

  before(async () => {
    if (missing('qjs-compile') !== false) return
    await bundle(folder)
    fs.writeFileSync(disk, new Uint8Array(DISK_SIZE))
  })

  it('on spt', { skip: spt }, async () => {
    check(await runSealed(image('spt', folder), disk))
  })

  for (const machine of ['microvm,rtc=on', 'pc']) {
    it(`on virtio, ${machine}`, { skip: virtio }, async () => {
      const bus = machine === 'pc' ? 'pci' : 'device'
      const random = ['-device', `virtio-rng-${bus}`]
      const drive = `file=${disk},if=none,format=raw,id=disk`
      const block = ['-drive', drive, '-device', `virtio-blk-${bus},drive=disk`]
      const nets = ['a', 'b'].flatMap((id) => [
        '-netdev',
        `hubport,id=${id},hubid=0`,
        '-device',
        `virtio-net-${bus},netdev=${id}`,
      ])
      const devices = [random, block, nets].flat()
      check(
        await runMachine({
          machine,
          image: image('virtio', folder),
          memoryMb: 64,
          devices,
          hasDebugExit: false,
        }),
      )
    })
  }
})

function check({ output }: { output: string }): void {
  assert.doesNotMatch(output, /not ok/)
  assert.match(output, /\b\d{2,} tests, 0 failures/, output)
}

/** The suites as bytecode. */
async function bundle(folder: string): Promise<void> {
  const [script, bytecode] = [path.join(folder, 'suites.mjs'), path.join(folder, 'suites.bytecode')]
  await build({
    entryPoints: [path.join(INSIDE, 'suites.ts')],
    bundle: true,
    outfile: script,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    mainFields: ['module', 'main'],
    alias: {
      'node:test': path.join(INSIDE, 'node-test.ts'),
      'node:assert/strict': path.join(INSIDE, 'node-assert.ts'),
    },
  })
  execFileSync(pathOf('qjs-compile'), [script, bytecode])
}

function image(target: 'spt' | 'virtio', folder: string): string {
  const file = path.join(folder, `suites.${target}`)
  const bytecode = fs.readFileSync(path.join(folder, 'suites.bytecode'))
  const made = assemble(fs.readFileSync(pathOf(`base-${target}.elf`)), bytecode, DEVICES)
  assert.ok(made.ok)
  fs.writeFileSync(file, made.value)
  return file
}

/** In the launcher, whose two networks are each other's other end. */
async function runSealed(image: string, disk: string): Promise<{ output: string }> {
  const args = ['--mem=64', '--net:a=stream:3', '--net:b=stream:4', `--block:disk=${disk}`, image]
  const child = spawn(pathOf('spt'), args, {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    timeout: PATIENCE_MS,
  })
  const [, , , a, b] = child.stdio as unknown as Duplex[]
  a!.pipe(b!).on('error', () => {})
  b!.pipe(a!).on('error', () => {})
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text: Buffer) => (output += text.toString()))
  await new Promise((resolve) => child.on('close', resolve))
  return { output }
}
