/** `mirage run --tap`: a TAP device that is there while the unikernel is. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { find } from '@mirage/native'
import { cannotTap, spawnLine, withTap } from '../images/tap.ts'
import type { Namespace } from '../namespace.ts'
import { until } from '../patience.ts'
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
    await namespace.patience('tap1')
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
