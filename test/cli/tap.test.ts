/** `mirage run --tap`: a TAP device that is there while the unikernel is. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { find } from '@mirage/native'
import { type Packet, Reader } from '@mirage/net/pcapng-reader'
import { cannotTap, spawnLine, withTap } from '../images/tap.ts'
import type { Child } from '../child.ts'
import type { Namespace } from '../namespace.ts'
import { until } from '../patience.ts'
import { skipWithout } from '../system.ts'
import { Project } from '../unikernels/running.ts'

const TOOL = path.resolve(import.meta.dirname, '../../packages/cli/src/bin.js')
const IN_ORDER = { code: 0, signal: null }
const skip = find() === undefined ? 'needs the native addon: npm run build:native' : cannotTap()

describe('mirage run --tap', { skip }, () => {
  const project = new Project('device-usage/network')
  let namespace: Namespace
  before(async () => {
    namespace = await withTap()
    await project.configure()
    await project.build()
  })
  after(() => {
    namespace?.remove()
    project.remove()
  })

  const command = (words: string, { folder } = project): string =>
    `env -C ${folder} ${process.execPath} ${TOOL} run ${words}`
  const links = (): string => namespace.call('ip', '-oneline', 'address')
  /** The kernel removes a device with its last user, when that has ended. */
  const isGone = (name: string): Promise<void> =>
    until(
      () => `${name} is gone`,
      () => !links().includes(name),
    )

  it('makes a device, configures both ends and removes it at the end', async () => {
    const child = spawnLine(namespace, command('--tap tap1 --tap-address 10.0.9.1/24 --tap-mtu 1400'))
    await child.prints(/listening/)
    assert.match(child.output, /10\.0\.9\.2 on tap1, where 10\.0\.9\.1 is this host/)
    assert.match(links(), /tap1 +inet 10\.0\.9\.1\/24/)
    assert.match((await namespace.run('ip', 'link', 'show', 'tap1')).toString(), /mtu 1400/)
    assert.match(
      (await namespace.run('ping', '-c', '1', '-W', '60', '-s', '3000', '10.0.9.2')).toString(),
      / 0% packet loss/,
    )
    child.process.kill('SIGINT')
    assert.deepEqual(await child.end, IN_ORDER, child.output)
    assert.doesNotMatch(links(), /tap1/)
  })

  it('removes the device when it is killed, too', async () => {
    const child = spawnLine(namespace, command('--tap tap2'))
    await child.prints(/on tap2/)
    assert.match(links(), /tap2/)
    child.process.kill('SIGKILL')
    await isGone('tap2')
  })

  it('uses a device that is there as it is, and leaves it', async () => {
    const child = spawnLine(namespace, command('--tap tap0 --ipv4=10.0.0.7/24'))
    await child.prints(/listening/)
    assert.match(child.output, /on tap0, as it is/)
    assert.match(
      (await namespace.run('ping', '-c', '1', '-W', '60', '10.0.0.7')).toString(),
      / 0% packet loss/,
    )
    child.process.kill('SIGINT')
    await child.end
    assert.match(links(), /tap0 +inet 10\.0\.0\.1\/24/)
  })

  describe('with --capture', () => {
    const file = path.join(project.folder, 'tap.pcapng')
    const PING = ['ping', '-c', '1', '-W', '60', '10.0.9.2'] as const
    /** Data of which the kernel leaves a segment uncut. */
    const SEND =
      "require('node:net').connect(8080, '10.0.9.2').on('error', () => {}).resume().end('x'.repeat(9000))"

    /** Those of TCP are left to the kernel. */
    const CHECKS = ['-o', 'ip.check_checksum:TRUE'] as const

    it('records what the device carries, whole at the end', async () => {
      const child = await recording(file)
      await namespace.run(...PING)
      await namespace.run(process.execPath, '-e', SEND)
      child.process.kill('SIGINT')
      assert.deepEqual(await child.end, IN_ORDER)
      const frames = contents(file)
      assert.ok(frames.every(({ name }) => name === 'net'))
      assert.deepEqual(echoes(frames), ['in 8', 'out 0'])
      assert.ok(
        frames.some(({ direction, length }) => direction === 'in' && length > 1514),
        'a segment is recorded as the kernel hands it over',
      )
    })

    it('is read by Wireshark', { skip: skipWithout('tshark') }, async () => {
      const child = await recording(file)
      await namespace.run(...PING)
      await namespace.run(process.execPath, '-e', SEND)
      child.process.kill('SIGINT')
      await child.end
      const tshark = (...args: string[]): string =>
        spawnSync('tshark', ['-n', '-r', file, ...CHECKS, ...args], { encoding: 'utf8' }).stdout
      const fields = ['-T', 'fields', '-e', 'frame.interface_name', '-e', 'icmp.type', '-e', 'icmp.seq']
      assert.equal(tshark('-Y', 'icmp', ...fields), 'net\t8\t1\nnet\t0\t1\n')
      assert.equal(tshark('-Y', '_ws.malformed || ip.checksum.status == 0'), '')
    })

    it('leaves a file that is whole when the tool is killed', async () => {
      const child = await recording(file)
      await namespace.run(...PING)
      child.process.kill('SIGKILL')
      // The unikernel hears of it, and ends in order: its output, which was the tool's, with it.
      await child.end
      assert.deepEqual(echoes(contents(file)), ['in 8', 'out 0'])
      await isGone('tap1')
    })

    it('records each network by its name, or one of them', async () => {
      const router = new Project('applications/router')
      after(() => router.remove())
      await router.configure()
      for (const [words, names] of [
        ['', ['inside', 'outside']],
        ['--capture-interface inside', ['inside']],
      ] as const) {
        const line = `--tap tap1 --tap tap2 --capture ${file} ${words}`
        const child = spawnLine(namespace, command(line, router))
        await child.prints(/leads/)
        await namespace.run('ping', '-c', '1', '-W', '60', '10.0.1.2')
        child.process.kill('SIGINT')
        assert.deepEqual(await child.end, IN_ORDER, child.output)
        const frames = contents(file)
        assert.deepEqual(new Set(frames.map(({ name }) => name)), new Set(names))
        assert.deepEqual(echoes(frames.filter(({ name }) => name === 'inside')), ['in 8', 'out 0'])
      }
    })

    it('says it once when the disk is full, and carries on', async () => {
      const child = await recording('/dev/full')
      for (let i = 0; i < 3; i++) await namespace.run(...PING)
      child.process.kill('SIGINT')
      assert.deepEqual(await child.end, IN_ORDER)
      assert.equal(child.output.split('not recorded any more').length - 1, 1, child.output)
      assert.match(child.output, /ENOSPC/)
    })

    /** A unikernel that listens on `tap1`, of which nothing was recorded before. */
    async function recording(to: string): Promise<Child> {
      const child = spawnLine(namespace, command(`--tap tap1 --tap-address 10.0.9.1/24 --capture ${to}`))
      await child.prints(/listening/)
      assert.match(child.output, /10\.0\.9\.2 on tap1/)
      return child
    }

    type Frame = Pick<Packet, 'name' | 'direction' | 'length'> & { readonly bytes: Uint8Array }

    function contents(of: string): readonly Frame[] {
      const frames: Frame[] = []
      const reader = new Reader(({ name, direction, length, frame }) =>
        frames.push({ name, direction, length, bytes: frame.slice(0, 64) }),
      )
      assert.ok(reader.input(readFileSync(of)).ok)
      assert.ok(reader.isComplete, 'every block is whole')
      return frames
    }

    /** The direction and the type of the echoes of ICMP. */
    function echoes(frames: readonly Frame[]): readonly string[] {
      return frames
        .filter(({ bytes }) => bytes[12] === 8 && bytes[13] === 0 && bytes[23] === 1)
        .map(({ direction, bytes }) => `${direction} ${bytes[34]}`)
    }
  })

  const wrong: [words: string, code: number, problem: RegExp][] = [
    ['--tap tap1 --tap tap2', 124, /^error: option --tap: the unikernel has one network, and 2 are named$/m],
    ['--tap lo', 123, /^error: lo: there is an interface of this name that is no TAP device$/m],
    ['--tap-mtu 9000', 124, /^error: option --tap-address and --tap-mtu are of no use without --tap$/m],
    ['--tap tap1 --publish 80:80', 124, /^error: option --publish: on a TAP device/m],
    [
      '--tap tap1 --capture /nowhere/x',
      123,
      /^error: option --capture: \/nowhere\/x cannot be written: ENOENT: no such file or directory$/m,
    ],
  ]
  for (const [words, code, problem] of wrong) {
    it(`says in one sentence what is wrong with ${words}`, async () => {
      const child = spawnLine(namespace, command(words))
      assert.equal((await child.end).code, code, child.output)
      assert.match(child.output, problem)
      assert.doesNotMatch(links(), /tap1/)
    })
  }
})
