import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { find } from '@mirage/native'
import { TEST_MS } from '../../../test/patience.ts'

/** Why there can be no TAP device in a network namespace here, or false. */
function cannotTap(): string | false {
  if (find() === undefined) return 'needs the native addon: npm run build:native'
  const tried = spawnSync('unshare', ['--net', 'ip', 'tuntap', 'add', 'tap0', 'mode', 'tap'], {
    stdio: 'ignore',
  })
  return tried.status === 0 ? false : 'needs root, iproute2 and /dev/net/tun for a TAP in a network namespace'
}

describe('a TAP device', { skip: cannotTap() }, () => {
  for (const [what, file] of [
    ['its tests', 'tap-suite.ts'],
    ['those of datagrams that nobody has cut', 'train-suite.ts'],
  ] as const) {
    it(`passes ${what} in a network namespace of its own`, { timeout: TEST_MS }, () => {
      const { NODE_TEST_CONTEXT: _, ...env } = process.env
      const suite = fileURLToPath(new URL(`./testing/${file}`, import.meta.url))
      const args = ['--net', process.execPath, '--test', '--test-isolation=none', suite]
      const { status, stdout, stderr } = spawnSync('unshare', args, { env, encoding: 'utf8' })
      assert.equal(status, 0, `${stdout}${stderr}`)
    })
  }
})
