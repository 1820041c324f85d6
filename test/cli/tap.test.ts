/** `mirage run --tap`: a TAP device that is there while the unikernel is. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { find } from '@mirage/native'
import { cannotTap, spawnLine, withTap } from '../images/tap.ts'
import type { Namespace } from '../namespace.ts'
import { Project } from '../unikernels/running.ts'

const TOOL = path.resolve(import.meta.dirname, '../../packages/cli/src/bin.js')
const skip = find() === undefined ? 'needs the native addon: npm run build:native' : cannotTap()

describe('mirage run --tap', { skip, timeout: 120_000 }, () => {
  const project = new Project('device-usage/network')
  let namespace: Namespace
  before(async () => {
    namespace = await withTap()
    await project.configure()
    const built = spawnSync(process.execPath, [TOOL, 'build', '-q'], { cwd: project.folder })
    assert.equal(built.status, 0, built.stderr.toString())
  })
  after(() => {
    namespace?.remove()
    project.remove()
  })

  const command = (words: string): string =>
    `env -C ${project.folder} ${process.execPath} ${TOOL} run ${words}`
  const links = (): string => namespace.call('ip', '-oneline', 'address')

  it('makes a device, configures both ends and removes it at the end', async () => {
    const child = spawnLine(namespace, command('--tap tap1 --tap-address 10.0.9.1/24 --tap-mtu 1400'))
    let output = ''
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    while (!output.includes('listening') && child.exitCode === null) await setTimeout(50)
    assert.match(output, /10\.0\.9\.2 on tap1, where 10\.0\.9\.1 is this host/)
    assert.match(links(), /tap1 +inet 10\.0\.9\.1\/24/)
    assert.match((await namespace.run('ip', 'link', 'show', 'tap1')).toString(), /mtu 1400/)
    assert.match(
      (await namespace.run('ping', '-c', '1', '-s', '3000', '10.0.9.2')).toString(),
      / 0% packet loss/,
    )
    const exit = once(child, 'exit')
    child.kill('SIGINT')
    assert.deepEqual(await exit, [0, null], output)
    assert.doesNotMatch(links(), /tap1/)
  })

  it('removes the device when it is killed, too', async () => {
    const child = spawnLine(namespace, command('--tap tap2'))
    child.stdout!.resume()
    while (!links().includes('tap2') && child.exitCode === null) await setTimeout(50)
    child.kill('SIGKILL')
    for (let i = 0; i < 100 && links().includes('tap2'); i++) await setTimeout(50)
    assert.doesNotMatch(links(), /tap2/)
  })

  it('uses a device that is there as it is, and leaves it', async () => {
    const child = spawnLine(namespace, command('--tap tap0 --ipv4=10.0.0.7/24'))
    let output = ''
    child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr!.on('data', (chunk: Buffer) => (output += chunk.toString()))
    while (!output.includes('listening') && child.exitCode === null) await setTimeout(50)
    assert.match(output, /on tap0, as it is/)
    assert.match((await namespace.run('ping', '-c', '1', '10.0.0.7')).toString(), / 0% packet loss/)
    const exit = once(child, 'exit')
    child.kill('SIGINT')
    await exit
    assert.match(links(), /tap0 +inet 10\.0\.0\.1\/24/)
  })

  const wrong: [words: string, code: number, problem: RegExp][] = [
    ['--tap tap1 --tap tap2', 124, /^error: option --tap: the unikernel has one network, and 2 are named$/m],
    ['--tap lo', 123, /^error: lo: there is an interface of this name that is no TAP device$/m],
    ['--tap-mtu 9000', 124, /^error: option --tap-address and --tap-mtu are of no use without --tap$/m],
    ['--tap tap1 --publish 80:80', 124, /^error: option --publish: on a TAP device/m],
    [
      '--tap tap1 --capture x',
      124,
      /^error: option --capture: what a TAP device carries does not come by here, tcpdump -i tap1 records it$/m,
    ],
  ]
  for (const [words, code, problem] of wrong) {
    it(`says in one sentence what is wrong with ${words}`, async () => {
      const child = spawnLine(namespace, command(words))
      let output = ''
      child.stderr!.on('data', (chunk: Buffer) => (output += chunk.toString()))
      child.stdout!.resume()
      const [status] = (await once(child, 'close')) as [number]
      assert.match(output, problem)
      assert.equal(status, code)
      assert.doesNotMatch(links(), /tap1/)
    })
  }
})
