/** `mirage run --capture`: what the networks of a unikernel carry, on every target, on a TAP device and off it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { missing } from '@mirage/engine-quickjs/files'
import { find } from '@mirage/native'
import { type Packet, Reader, type Told } from '@mirage/net/pcapng-reader'
import type { Child } from '../child.ts'
import { cannotTap, spawnLine, withTap } from '../images/tap.ts'
import type { Namespace } from '../namespace.ts'
import { PATIENCE_MS, until } from '../patience.ts'
import { skipWithout } from '../system.ts'
import { Project } from '../unikernels/running.ts'

const TOOL = path.resolve(import.meta.dirname, '../../packages/cli/src/bin.js')
const NO_TAP = find() === undefined ? 'needs the native addon: npm run build:native' : cannotTap()

const TARGETS = [
  { target: 'unix', skip: false },
  { target: 'spt', skip: missing('base-spt.elf', 'qjs-compile', 'spt') },
  {
    target: 'virtio',
    skip: missing('base-virtio.elf', 'qjs-compile') || skipWithout('qemu-system-x86_64'),
  },
] as const

const PATTERN = 'c0ffee'
/** One echo, so large that its bytes say something. */
const PING = ['ping', '-c', '1', '-W', '60', '-s', '1000', '-p', PATTERN] as const
/** Data of which a kernel that may leaves a segment uncut. */
const SEND =
  "require('node:net').connect(8080, '10.0.9.2').on('error', () => {}).resume().end('x'.repeat(9000))"
/** ICMP: the types. */
const [REQUEST, REPLY] = [8, 0]

for (const { target, skip } of TARGETS) {
  describe(`mirage run --capture on ${target}`, { skip }, () => {
    const project = new Project('device-usage/network')
    const file = path.join(project.folder, 'all.pcapng')
    before(async () => {
      await project.configure(`--target=${target}`)
      await project.build()
    })
    after(() => project.remove())

    it('records what passes the gateway', async () => {
      const running = project.run('--publish=0:8080/udp', '--capture', file)
      const [, port] = await running.prints(/udp 127\.0\.0\.1:(\d+)/)
      await running.prints(/listening on port 8080/)
      await exchange(Number(port), 'from the host')
      await running.interrupt()
      const { frames, told } = contents(file)
      const spoken = frames.filter(({ bytes }) => bytes.toString('latin1').endsWith('from the host'))
      assert.deepEqual(new Set(spoken.map(({ direction }) => direction)), new Set(['in', 'out']))
      assert.deepEqual(told, [{ name: 'net', received: BigInt(frames.length), dropped: 0n }])
    })

    describe('on a TAP device', { skip: NO_TAP }, () => {
      let namespace: Namespace
      before(async () => {
        namespace = await withTap()
      })
      after(() => namespace?.remove())

      const command = (words: string, { folder } = project): string =>
        `env -C ${folder} ${process.execPath} ${TOOL} run ${words}`

      const links = (): string => namespace.call('ip', '-oneline', 'link')

      /** A unikernel that listens on `tap1`. */
      async function recording(to = file): Promise<Child> {
        rmSync(file, { force: true })
        const line = `--tap tap1 --tap-address 10.0.9.1/24 --capture ${to}`
        const child = spawnLine(namespace, command(line))
        await child.prints(/listening/)
        await namespace.patience('tap1')
        return child
      }

      it('records every byte, both ways, whole at Ctrl-C', async () => {
        const child = await recording()
        await namespace.run(...PING, '10.0.9.2')
        // For a connection that took seconds to open the kernel cuts the first segments itself.
        await until(
          () => 'a segment is recorded as the kernel hands it over',
          async () => {
            await namespace.run(process.execPath, '-e', SEND)
            return target !== 'unix' || sofar(file).frames.some(isUncut)
          },
        )
        child.process.kill('SIGINT')
        await child.end
        const { frames, told } = contents(file)
        const [request, reply, ...others] = frames.filter(isEcho)
        assert.deepEqual(others, [])
        assert.deepEqual([typeOf(request!), request!.direction], [REQUEST, 'in'])
        assert.deepEqual([typeOf(reply!), reply!.direction], [REPLY, 'out'])
        for (const { bytes, length } of [request!, reply!]) {
          assert.deepEqual([bytes.length, length], [1042, 1042])
          // Behind the time that ping has in front.
          const pattern = Buffer.from(PATTERN.repeat(400), 'hex').subarray(0, 1000)
          assert.deepEqual(bytes.subarray(42 + 16), pattern.subarray(16))
        }
        // A SYN may be said again, where an answer takes longer than a second.
        assert.deepEqual(new Set(handshake(frames)), new Set(['in 2', 'out 18']))
        assert.deepEqual(told, [{ name: 'net', received: BigInt(frames.length), dropped: 0n }])
      })

      it('is read by Wireshark', { skip: skipWithout('tshark') }, () => {
        // Those of TCP may be left to the kernel.
        const checks = ['-o', 'ip.check_checksum:TRUE'] as const
        const tshark = (...args: string[]): string =>
          spawnSync('tshark', ['-n', '-r', file, ...checks, ...args], { encoding: 'utf8' }).stdout
        const fields = ['frame.interface_name', 'frame.packet_flags_direction', 'icmp.type']
        const shown = tshark('-Y', 'icmp', '-T', 'fields', ...fields.flatMap((field) => ['-e', field]))
        assert.equal(shown, 'net\t0x00000001\t8\nnet\t0x00000002\t0\n')
        assert.equal(tshark('-Y', '_ws.malformed || ip.checksum.status == 0'), '')
      })

      it('leaves a file that is whole when the unikernel is killed', async () => {
        const child = await recording()
        await namespace.run(...PING, '10.0.9.2')
        for (const pid of childrenOf(child.process.pid!)) process.kill(pid, 'SIGKILL')
        assert.equal((await child.end).code, 137, child.output)
        assert.deepEqual(contents(file).frames.filter(isEcho).map(typeOf), [REQUEST, REPLY])
      })

      it('leaves a file that is whole when the tool is killed', async () => {
        const child = await recording()
        await namespace.run(...PING, '10.0.9.2')
        await until(
          () => 'what was carried is in the file before long',
          () => sofar(file).frames.filter(isEcho).length === 2,
        )
        child.process.kill('SIGKILL')
        await until(
          () => 'the unikernel ends with it, and nobody has its device open',
          () => !links().includes('tap1'),
        )
        assert.deepEqual(contents(file).frames.filter(isEcho).map(typeOf), [REQUEST, REPLY])
      })

      it('records each network by its name, or one of them', async () => {
        const router = new Project('applications/router')
        after(() => router.remove())
        await router.configure(`--target=${target}`)
        for (const [words, names] of [
          ['', ['outside', 'inside']],
          ['--capture-interface inside', ['inside']],
        ] as const) {
          const line = `--tap tap1 --tap tap2 --capture ${file} ${words}`
          const child = spawnLine(namespace, command(line, router))
          await child.prints(/leads/)
          for (const name of ['tap1', 'tap2']) await namespace.patience(name)
          await namespace.run(...PING, '10.0.1.2')
          child.process.kill('SIGINT')
          await child.end
          const { frames, told } = contents(file)
          assert.deepEqual(new Set(told.map(({ name }) => name)), new Set(names))
          assert.deepEqual(
            frames.filter(isEcho).map(({ name, direction }) => `${name} ${direction}`),
            ['inside in', 'inside out'],
          )
        }
      })

      it('says it once when the disk is full, and carries on', async () => {
        const child = await recording('/dev/full')
        for (let i = 0; i < 3; i++) await namespace.run(...PING, '10.0.9.2')
        child.process.kill('SIGINT')
        await child.end
        assert.equal(child.output.split('cannot be written any more: ENOSPC').length - 1, 1, child.output)
      })

      it('is refused in one sentence where it may not see the device, which is gone then', async () => {
        rmSync(file, { force: true })
        const without = `setpriv --bounding-set=-net_raw --inh-caps=-net_raw ${command(`--tap tap1 --capture ${file}`)}`
        const child = spawnLine(namespace, without)
        assert.equal((await child.end).code, 123, child.output)
        assert.match(child.output, /^error: option --capture: only root may see what tap1 carries, .*$/m)
        assert.doesNotMatch(links(), /tap1/)
        assert.ok(!existsSync(file))
      })
    })
  })
}

type Frame = Pick<Packet, 'name' | 'direction' | 'length'> & { readonly bytes: Buffer }

interface Contents {
  readonly frames: readonly Frame[]
  readonly told: readonly Told[]
  readonly isWhole: boolean
}

/** All of a capture, which is whole. */
function contents(of: string): Contents {
  const all = sofar(of)
  assert.ok(all.isWhole, 'every block is whole')
  return all
}

function sofar(of: string): Contents {
  const frames: Frame[] = []
  const told: Told[] = []
  const reader = new Reader(
    ({ name, direction, length, frame }) =>
      frames.push({ name, direction, length, bytes: Buffer.from(frame) }),
    (counts) => told.push(counts),
  )
  assert.ok(reader.input(readFileSync(of)).ok)
  return { frames, told, isWhole: reader.isComplete }
}

function isIpv4({ bytes }: Frame, protocol: number): boolean {
  return bytes[12] === 8 && bytes[13] === 0 && bytes[23] === protocol
}

function isEcho(frame: Frame): boolean {
  return isIpv4(frame, 1)
}

function isUncut({ direction, length }: Frame): boolean {
  return direction === 'in' && length > 1514
}

function typeOf({ bytes }: Frame): number {
  return bytes[34]!
}

/** The directions of the segments of TCP that have SYN, which is 2, and whether they have ACK, which is 16. */
function handshake(frames: readonly Frame[]): readonly string[] {
  return frames
    .filter((frame) => isIpv4(frame, 6) && (frame.bytes[47]! & 2) !== 0)
    .map(({ direction, bytes }) => `${direction} ${bytes[47]! & 0x12}`)
}

/** Says `text` to port `port` of this host, and waits until it is said again: of datagrams some may be lost. */
async function exchange(port: number, text: string): Promise<void> {
  const socket = createSocket('udp4')
  const said = once(socket, 'message', { signal: AbortSignal.timeout(PATIENCE_MS) })
  const say = (): void => socket.send(text, port, '127.0.0.1')
  say()
  const timer = setInterval(say, 1000)
  try {
    assert.equal(String((await said)[0]), text)
  } finally {
    clearInterval(timer)
    socket.close()
  }
}

/** The processes that `parent` has started. */
function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number)
}

function parentOf(pid: string): number | undefined {
  try {
    // The name of the program is in parentheses, and may have any characters.
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ')[1],
    )
  } catch {
    return undefined
  }
}
