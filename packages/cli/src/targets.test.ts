/** The devices of `@mirage/configure/devices` are what the modules that connect them give: the compiler compares. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Block } from '@mirage/block'
import type { Clock } from '@mirage/clock'
import { type Device, constant, device } from '@mirage/configure/device'
import { clock, console, directKv, fileBlock, network, random, stack } from '@mirage/configure/devices'
import { pick } from '@mirage/configure/graph'
import type { Console } from '@mirage/console'
import type { Kv } from '@mirage/kv'
import type { Net } from '@mirage/net'
import type { Random } from '@mirage/random'
import type { Stack } from '@mirage/stack'

const NODE = '@mirage/target-node'
const needs = {}
const net: Device<Net> = device<typeof import('@mirage/target-node/net')>({
  name: 'net',
  module: `${NODE}/net`,
  needs,
})
const time: Device<Clock> = device<typeof import('@mirage/target-node/clock')>({
  name: 'clock',
  module: `${NODE}/clock`,
  needs,
})
const dice: Device<Random> = device<typeof import('@mirage/target-node/random')>({
  name: 'random',
  module: `${NODE}/random`,
  needs,
})
const screen: Device<Console> = device<typeof import('@mirage/target-node/console')>({
  name: 'console',
  module: `${NODE}/console`,
  needs,
})
const folder: Device<Kv> = device<typeof import('@mirage/target-node/kv')>({
  name: 'kv',
  module: `${NODE}/kv`,
  needs: { folder: constant('./htdocs') },
})
const disk: Device<Block> = device<typeof import('@mirage/target-node/block')>({
  name: 'block',
  module: `${NODE}/block`,
  needs: { path: constant('./disk.img') },
})
const direct: Device<Stack> = device<typeof import('@mirage/stack/device')>({
  name: 'stack',
  module: '@mirage/stack/device',
  needs: { net, clock: time, random: dice },
})

describe('a device that comes with Mirage', () => {
  const pairs: readonly [Device<unknown>, Device<unknown>][] = [
    [network(), net],
    [clock(), time],
    [random(), dice],
    [console(), screen],
    [directKv('./htdocs'), folder],
    [fileBlock('./disk.img'), disk],
    [stack(), direct],
  ]
  for (const [ours, theirs] of pairs) {
    const { name, source, needs } = pick(ours, {})
    it(`is connected by a module that there is, with what it needs: ${name}`, () => {
      const expected = pick(theirs, {})
      assert.equal(name, expected.name)
      assert.deepEqual(Object.keys(needs), Object.keys(expected.needs))
      const path =
        source.kind === 'target' ? `${NODE}/${source.file}` : source.kind === 'module' && source.path
      assert.equal(path, expected.source.kind === 'module' && expected.source.path)
    })
  }
})
