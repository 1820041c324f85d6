import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { err, ok } from '@mirage/result'
import { polledFlowContract } from './contract.ts'
import { pipe } from './pipe.ts'

for (const capacity of [undefined, 1024]) {
  polledFlowContract(`a pipe of ${capacity ?? 'the usual'} bytes`, () => {
    const [a, b] = pipe(capacity)
    return { a, b, settle: () => setImmediate() }
  })
}

describe('a pipe', () => {
  it('accepts as many bytes as it has room for, and no more', async () => {
    const [a, b] = pipe(4)
    assert.deepEqual(await a.write(new Uint8Array(4)), ok(undefined))
    let isAccepted = false
    const write = a.write(Uint8Array.of(1, 2)).then(() => (isAccepted = true))
    await setImmediate()
    assert.equal(isAccepted, false)
    assert.deepEqual(await b.read(), ok(new Uint8Array(4)))
    await write
    assert.deepEqual(await b.read(), ok(Uint8Array.of(1, 2)))
  })

  it('loses on abort what was not read', async () => {
    const [a, b] = pipe()
    await a.write(Uint8Array.of(1))
    a.abort()
    assert.deepEqual(await b.read(), err('reset'))
  })

  it('resets the writes to an end that has closed', async () => {
    const [a, b] = pipe()
    a.close()
    assert.deepEqual(await b.write(Uint8Array.of(1)), err('reset'))
    assert.deepEqual(await b.read(), ok('eof'))
  })

  it('ends quietly where both ends closed before one aborts', async () => {
    const [a, b] = pipe()
    a.close()
    b.close()
    b.abort()
    assert.deepEqual(await a.read(), ok('eof'))
    assert.deepEqual(await a.write(Uint8Array.of(1)), err('closed'))
  })
})
