import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { err } from '@mirage/result'
import { find } from './native.ts'
import { openPackets } from './packet.ts'

const PROGRAM = fileURLToPath(new URL('./testing/packets.ts', import.meta.url))
const MAKE = 'ip tuntap add seen0 mode tap'

function skip(): string | false {
  if (find() === undefined) return 'needs the native addon'
  const { status } = spawnSync('unshare', ['--net', 'sh', '-c', MAKE], { stdio: 'ignore' })
  return status === 0 ? false : 'needs root, iproute2 and /dev/net/tun'
}

describe('what an interface carries', { skip: skip() }, () => {
  let told: {
    readonly frames: readonly (readonly [string, string])[]
    readonly lost: number
    readonly ofMany: { readonly count: number; readonly lost: number; readonly seen: number }
    readonly ages: readonly [youngestMs: number, oldestMs: number]
  }
  before(() => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const { stdout, stderr } = spawnSync('unshare', ['--net', process.execPath, PROGRAM], {
      encoding: 'utf8',
      env,
    })
    assert.notEqual(stdout, '', stderr)
    told = JSON.parse(stdout) as typeof told
  })

  /** Of an experiment, from the device's other end. */
  const own = (): readonly string[] =>
    told.frames
      .filter(([, hex]) => hex.startsWith('020000000001'))
      .map(([how, hex]) => `${how} ${hex.slice(24)}`)

  it('is seen also when it was down, with every byte, and the tags that the kernel takes out', () => {
    assert.deepEqual(own(), [
      'received 88b501',
      'received 88b502',
      'received 8100600588b5030303030303',
      'received 88a860068100a00788b5040404040404',
      `received 88b5${'ff'.repeat(1500)}`,
    ])
  })

  it('is told apart by its direction', () => {
    const text = Buffer.from('to the guest').toString('hex')
    const found = told.frames.filter(([, hex]) => hex.endsWith(text))
    assert.deepEqual(
      found.map(([how, hex]) => [how, hex.slice(0, 30)]),
      [['sent', '020000000002020000000001080045']],
    )
  })

  it('has the date at which it passed', () => {
    const [youngest, oldest] = told.ages
    assert.ok(youngest >= 0 && oldest < 600_000, `${youngest} to ${oldest} ms`)
  })

  it('is counted where there is no room for it', () => {
    const { count, lost, seen } = told.ofMany
    assert.equal(told.lost, 0)
    assert.ok(seen > 0 && lost > 0, `${seen} seen, ${lost} lost`)
    assert.equal(seen + lost, count)
  })

  it('is of no interface that is not there', () => {
    assert.deepEqual(openPackets('nowhere0'), err('there is no interface nowhere0'))
  })

  it('is for those who have the right to see it', () => {
    const module = new URL('./packet.ts', import.meta.url).href
    const program = `import { openPackets } from '${module}'; console.log(openPackets('lo').error)`
    const { stdout, stderr } = spawnSync(
      'setpriv',
      [
        '--bounding-set=-net_raw',
        '--inh-caps=-net_raw',
        process.execPath,
        '--input-type=module',
        '-e',
        program,
      ],
      { encoding: 'utf8' },
    )
    assert.equal(stdout, 'only root may see what lo carries, or who has CAP_NET_RAW\n', stderr)
  })
})
