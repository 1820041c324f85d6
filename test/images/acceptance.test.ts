/** What images promise to whoever looks at them from outside: on a TAP, by the bytes of a disk, from boot to boot. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { missing } from '../../packages/engine-quickjs/src/files.ts'
import type { Child } from '../child.ts'
import type { Namespace } from '../namespace.ts'
import { skipWithout } from '../system.ts'
import { Project } from '../unikernels/running.ts'
import { idleShare } from './idle.ts'
import { run as runMachine } from './machine.ts'
import { cannotTap, spawnLine, withTap } from './tap.ts'

const SPT = missing('base-spt.elf', 'qjs-compile', 'spt')
const VIRTIO = missing('base-virtio.elf', 'qjs-compile') || skipWithout('qemu-system-x86_64')
const NO_TAP = cannotTap() || skipWithout('curl')

/** Each target, why it cannot be tried here, and how much of a processor it may take when nothing happens. */
const TARGETS = [
  { target: 'spt', skip: SPT, idle: 0.005 },
  { target: 'virtio', skip: VIRTIO, idle: 0.05 },
] as const

/** Chunks of a file, which a store has once however often they come. */
const CHUNK_SIZE = 4096
const CHUNK_COUNT = 64
const BIG_SIZE = 10_000_000
const IDLE_MS = 1500

for (const { target, skip, idle } of TARGETS) {
  describe(`the website on ${target}, on a TAP`, { skip: skip || NO_TAP }, () => {
    const project = new Project('applications/static-website')
    const big = bigFile()
    let namespace: Namespace | undefined
    let guest: Child | undefined

    before(async () => {
      fs.writeFileSync(path.join(project.folder, 'htdocs/big.txt'), big)
      await project.configure(`--target=${target}`)
      const shown = project.run('--print-command', '--ipv4=10.0.0.2/24')
      assert.equal(await shown.ended(), 0, shown.output)
      namespace = await withTap()
      guest = spawnLine(namespace, shown.output.trim().split('\n').at(-1)!)
      await guest.prints(/listening on port 80/)
    })
    after(async () => {
      namespace?.remove()
      await guest?.end
      project.remove()
    })

    it('is the page', async () => {
      const page = await namespace!.run('curl', '-s', 'http://10.0.0.2/')
      assert.deepEqual(page, fs.readFileSync(path.join(project.folder, 'htdocs/index.html')))
    })

    it('answers 200 requests over 20 connections', async () => {
      const style = fs.readFileSync(path.join(project.folder, 'htdocs/style.css'))
      const crowd = ['-s', '--parallel', '--parallel-immediate', '--parallel-max', '20']
      const written = ['-o', path.join(project.folder, 'style.#1'), '-w', '%{http_code} %{num_connects}\n']
      const told = await namespace!.run('curl', ...crowd, ...written, 'http://10.0.0.2/style.css?[1-200]')
      assert.equal(told.toString().match(/^200 /gm)?.length, 200)
      for (let i = 1; i <= 200; i++)
        assert.deepEqual(fs.readFileSync(path.join(project.folder, `style.${i}`)), style)
    })

    it('gives 10 MB unharmed', async () => {
      const file = await namespace!.run('curl', '-s', 'http://10.0.0.2/big.txt')
      assert.equal(file.length, BIG_SIZE)
      assert.equal(sha256(file), sha256(big))
    })

    it('takes next to nothing of a processor when nothing happens', async () => {
      await sleep(500)
      const used = await idleShare(
        () => processorMs(guest!.process.pid!),
        IDLE_MS,
        (share) => share < idle,
      )
      assert.ok(used < idle, `${(used * 100).toFixed(2)} % of a processor`)
    })
  })
}

/** Text, as a store decodes it fastest: an emulated machine needs a minute for 10 MB of anything else. */
function bigFile(): Buffer {
  const chunks = Array.from({ length: CHUNK_COUNT }, () => randomBytes(CHUNK_SIZE).toString('base64'))
  const picked = Array.from({ length: Math.ceil(BIG_SIZE / CHUNK_SIZE) }, (_, i) =>
    chunks[((i * i) >> 2) % CHUNK_COUNT]!.slice(0, CHUNK_SIZE),
  )
  return Buffer.from(picked.join('')).subarray(0, BIG_SIZE)
}

/** Milliseconds for which the threads of `pid` have had a processor. */
function processorMs(pid: number): number {
  const ofThread = (task: string): number =>
    Number(fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]) / 1e6
  return fs.readdirSync(`/proc/${pid}/task`).reduce((sum, task) => sum + ofThread(task), 0)
}

const DISK_SIZE = 256 * 1024

/** The fixture that shows random bytes and has a disk, for one target. */
class Probe {
  readonly project: Project = new Project('../test/images/fixtures/probe')
  readonly #target: string

  constructor(target: string) {
    this.#target = target
  }

  async build(): Promise<void> {
    fs.writeFileSync(path.join(this.project.folder, 'disk.img'), new Uint8Array(4096))
    await this.project.configure(`--target=${this.#target}`)
    const shown = this.project.run('--print-command')
    assert.equal(await shown.ended(), 0, shown.output)
  }

  /** What it says, if it ends well. */
  async run(disk: string, ...words: readonly string[]): Promise<string> {
    const running = this.project.run(`--disk=disk=${disk}`, '--', ...words)
    assert.equal(await running.ended(), 0, running.output)
    return running.output
  }

  remove(): void {
    this.project.remove()
  }
}

describe('a disk', { skip: SPT || VIRTIO }, () => {
  const probes = { spt: new Probe('spt'), virtio: new Probe('virtio') }
  before(() => Promise.all([probes.spt.build(), probes.virtio.build()]))
  after(() => {
    probes.spt.remove()
    probes.virtio.remove()
  })

  for (const [writer, reader, pattern] of [
    ['spt', 'virtio', 77],
    ['virtio', 'spt', 78],
  ] as const) {
    it(`that ${writer} wrote is the same for the host and for ${reader}, byte for byte`, async () => {
      const file = path.join(probes[writer].project.folder, 'shared.img')
      fs.writeFileSync(file, new Uint8Array(DISK_SIZE))
      await probes[writer].run(file, `--write=${pattern}`)
      const expected = Uint8Array.from({ length: DISK_SIZE }, (_, i) => i * 167 + (i >> 9) * 31 + pattern)
      assert.ok(fs.readFileSync(file).equals(expected))
      await probes[reader].run(file, `--read=${pattern}`)
      const wrong = probes[reader].project.run(`--disk=disk=${file}`, '--', `--read=${pattern + 1}`)
      assert.equal(await wrong.ended(), 1)
      assert.match(wrong.output, /sector 0 is another/)
    })
  }
})

for (const { target, skip } of TARGETS) {
  describe(`randomness on ${target}`, { skip }, () => {
    const probe = new Probe(target)
    before(() => probe.build())
    after(() => probe.remove())

    it('differs from boot to boot', async () => {
      const file = path.join(probe.project.folder, 'disk.img')
      const stream = async (): Promise<string> => {
        const found = /random ([0-9a-f]{64})\n/.exec(await probe.run(file))
        assert.ok(found !== null)
        return found[1]!
      }
      assert.notEqual(await stream(), await stream())
    })

    if (target === 'virtio') {
      it('has to be there, or there is no unikernel', async () => {
        const output = await onPlainProcessor(probe)
        assert.match(
          output,
          /there is not enough randomness to begin with \(sources: none\); a unikernel needs some\n/,
        )
        assert.match(output, /Solo5: solo5_exit\(1\) called/)
        assert.doesNotMatch(output, /random [0-9a-f]{64}|\n +at /)
      })

      it('may come from a device alone', async () => {
        const output = await onPlainProcessor(probe, '-device', 'virtio-rng-device')
        assert.match(output, /random [0-9a-f]{64}\n/)
        assert.match(output, /Solo5: solo5_exit\(0\) called/)
      })
    }
  })
}

/** What `probe` says on a processor that has no instruction for random numbers. */
async function onPlainProcessor({ project }: Probe, ...devices: readonly string[]): Promise<string> {
  const drive = `file=${path.join(project.folder, 'disk.img')},if=none,format=raw,id=d`
  const { output } = await runMachine({
    machine: 'microvm,rtc=on',
    cpu: 'qemu64',
    image: path.join(project.folder, 'dist/probe.virtio'),
    memoryMb: 64,
    devices: ['-drive', drive, '-device', 'virtio-blk-device,drive=d', ...devices],
    hasDebugExit: false,
  })
  return output
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
