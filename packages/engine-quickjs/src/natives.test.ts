import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cannotRun, runModule } from './testing/run.ts'

/** Calls with an offset and a length (or an end) in place of A and B. */
const CALLS = [
  'consoleWrite(bytes, A, B)',
  'netWrite(1, bytes, A, B)',
  'netRead(1, bytes, A, B)',
  'blockRead(1, 0, bytes, A, B)',
  'blockWrite(1, 0, bytes, A, B)',
  'checksum(bytes, A, A + B, 0)',
  'copy(bytes, A, bytes, 0, B)',
  'copy(bytes, 0, bytes, A, B)',
  'sha256Blocks(state, bytes, A, A + B)',
  'chacha20Poly1305Seal(key, nonce, bytes, bytes, A, A + B, tag)',
  'chacha20Poly1305Open(key, nonce, bytes, bytes, A, A + B, tag)',
]

/** Numbers that lie outside of 64 bytes, one way or another: [A, B]. */
const OUTSIDE = ['-1, 1', '0, -64', '65, 0', '64, 1', '1, 64', '2 ** 31, 64', '2 ** 32, 64', '0, 2 ** 32 + 1']
const FAR_OUTSIDE = ['2 ** 53, 1', '2 ** 62, 2 ** 62', '(-2) ** 63, 64', 'Infinity, 1', '-Infinity, 1']

const PREPARED = `
  const bytes = new Uint8Array(64), state = new Uint32Array(8), key = new Uint8Array(32)
  const nonce = new Uint8Array(12), tag = new Uint8Array(16)
`

describe('what the engine gives to JavaScript', { skip: cannotRun }, () => {
  for (const call of CALLS) {
    it(`does not look outside of an array: ${call}`, () => {
      // Numbers beyond 64 bits are those they leave there, for a copy.
      const numbers = call.startsWith('copy') ? OUTSIDE : [...OUTSIDE, ...FAR_OUTSIDE]
      const { status, output } = runModule(`${PREPARED}
        for (const [A, B] of [${numbers.map((pair) => `[${pair}]`).join(', ')}]) {
          try { solo5.${call}; print('none for ' + A + ', ' + B) } catch (error) { print(error.name) }
        }`)
      assert.deepEqual(output.split('\n'), Array(numbers.length).fill('RangeError'))
      assert.equal(status, 0)
    })
  }

  it('refuses what is no array, and lets what its arguments throw pass', () => {
    const thrower = '{ valueOf() { throw new SyntaxError() } }'
    const cases: readonly (readonly [call: string, name: string])[] = [
      ['consoleWrite(null, 0, 0)', 'TypeError'],
      ['consoleWrite(new DataView(bytes.buffer), 0, 0)', 'TypeError'],
      ['consoleWrite(bytes, 0n, 0)', 'TypeError'],
      [`consoleWrite(bytes, ${thrower}, 0)`, 'SyntaxError'],
      [`checksum(bytes, 0, 1, ${thrower})`, 'SyntaxError'],
      [`yield(${thrower}, bytes)`, 'SyntaxError'],
      ['yield(0, new Uint32Array(1))', 'RangeError'],
      ['clockWall(new Float64Array(1))', 'RangeError'],
      ['sha256Blocks(new Uint32Array(7), bytes, 0, 64)', 'RangeError'],
      ['sha256Blocks(state, bytes, 0, 63)', 'RangeError'],
      ['entropy()', 'TypeError'],
    ]
    const tries = cases.map(
      ([call]) => `try { solo5.${call}; print('none') } catch (error) { print(error.name) }`,
    )
    const { output } = runModule(PREPARED + tries.join('\n'))
    assert.deepEqual(
      output.split('\n'),
      cases.map(([, name]) => name),
    )
  })

  it('keeps nothing of a call, not even of one that failed', () => {
    const { status, output } = runModule(
      `${PREPARED}
      const outside = () => { try { solo5.copy(bytes, 65, bytes, 0, 1) } catch {} }
      for (let i = 0; i < 12_000; i++) {
        solo5.netAcquire('a name that the manifest does not have, ' + i)
        solo5.entropy(bytes)
        solo5.copy(bytes.subarray(1), 0, bytes, 0, 8)
        solo5.checksum(new Uint8Array(256), 0, 256, 0)
        outside()
      }
      print('done')`,
      4,
    )
    assert.equal(output, 'done')
    assert.equal(status, 0)
  })
})
