import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as utf8 from '@mirage/bytes/utf8'
import type { Kv } from '@mirage/kv'
import { kvContract } from '@mirage/kv/contract'
import * as Key from '@mirage/kv/key'
import { err, ok } from '@mirage/result'
import { kvDir } from './kv-dir.ts'
import { MemoryFolder, PowerFailure } from './testing/memory-folder.ts'

const key = Key.parse
const bytes = utf8.encode

async function open(host: MemoryFolder): Promise<Kv> {
  const kv = await kvDir(host)
  assert.ok(kv.ok)
  return kv.value
}

kvContract('a folder in memory', async () => {
  const host = new MemoryFolder()
  return { kv: await open(host), wall: () => host.now() }
})

/** A store with a few values, and its host. */
async function filled(): Promise<{ kv: Kv; host: MemoryFolder }> {
  const host = new MemoryFolder()
  const kv = await open(host)
  for (const path of ['a', 'd/v', 'd/w', 'e/f/v']) await kv.set(key(path), bytes('old'))
  return { kv, host }
}

/** A batch whose effect is all of `AFTER` or nothing. */
async function change(kv: Kv): Promise<unknown> {
  return kv.batch(async (view) => {
    await view.set(key('a'), bytes('new'))
    await view.remove(key('d'))
    await view.set(key('d/x/v'), bytes('new'))
    await view.rename(key('e/f'), key('g/h'))
    await view.set(key('e/f'), bytes('new'))
    return ok(undefined)
  })
}

const BEFORE = { a: 'old', 'd/v': 'old', 'd/w': 'old', 'e/f/v': 'old' }
const AFTER = { a: 'new', 'd/x/v': 'new', 'g/h/v': 'old', 'e/f': 'new' }

describe('a batch on a folder', () => {
  it('ends a run at the first read of what was changed since it began', async () => {
    const { kv } = await filled()
    const reads: string[] = []
    await kv.batch(async (view) => {
      await view.get(key('a'))
      reads.push('a')
      if (reads.length === 1) await kv.set(key('d/v'), bytes('new'))
      await view.list(key('d'))
      reads.push('d')
      return ok(undefined)
    })
    assert.deepEqual(reads, ['a', 'a', 'd'])
  })

  it('runs again even if its function hides that it was ended', async () => {
    const { kv } = await filled()
    let runs = 0
    const result = await kv.batch(async (view) => {
      if (++runs === 1) await kv.set(key('a'), bytes('new'))
      await view.get(key('a')).catch(() => {})
      return view.set(key('z'), bytes(String(runs)))
    })
    assert.deepEqual(result, ok(undefined))
    assert.deepEqual(await kv.get(key('z')), ok(bytes('2')))
  })
})

describe('a folder whose host fails', () => {
  it('has all of a batch or nothing, whenever the power fails and fails again', async () => {
    const outcomes = new Set<string>()
    for (let changes = 0; ; changes++) {
      const { kv, host } = await filled()
      host.changesLeft = changes
      const isOver = await change(kv).then(
        () => true,
        (error) => assert.ok(error instanceof PowerFailure),
      )
      // It fails during the recovery too, later each time, until the recovery ends.
      for (let left = 0; ; left++) {
        host.changesLeft = left
        const hasRecovered = await kvDir(host).then(
          () => true,
          () => false,
        )
        if (hasRecovered) break
      }
      assert.deepEqual(host.content(), 'g/h/v' in host.content() ? AFTER : BEFORE, `after ${changes} changes`)
      assert.equal(host.ownCount(), 0)
      outcomes.add(Object.keys(host.content()).join())
      if (isOver) break
    }
    assert.equal(outcomes.size, 2)
  })

  it('has all of a batch or nothing at the next change, when the host refused something', async () => {
    for (let changes = 0; ; changes++) {
      const { kv, host } = await filled()
      host.changesLeft = changes
      host.failure = { kind: 'io', reason: 'EIO: i/o error' }
      const result = (await change(kv)) as { ok: boolean }
      host.changesLeft = Number.POSITIVE_INFINITY
      assert.ok((await kv.set(key('z'), bytes('z'))).ok)
      const { z, ...content } = host.content()
      assert.equal(z, 'z')
      assert.deepEqual(content, 'g/h/v' in content ? AFTER : BEFORE, `after ${changes} changes`)
      if (result.ok) break
    }
  })

  it('keeps the old value or has the new one, whenever the power fails', async () => {
    for (let changes = 0; ; changes++) {
      const { kv, host } = await filled()
      host.changesLeft = changes
      const isOver = await kv.set(key('a'), bytes('new')).then(
        (result) => result.ok,
        () => false,
      )
      host.changesLeft = Number.POSITIVE_INFINITY
      await open(host)
      assert.ok(['old', 'new'].includes(host.content()['a'] ?? 'gone'))
      assert.equal(Object.keys(host.content()).length, 4)
      if (isOver) break
    }
  })

  it('says that there is no space, and leaves nothing behind', async () => {
    const { kv, host } = await filled()
    host.changesLeft = 1
    host.failure = 'no-space'
    assert.deepEqual(await kv.set(key('a'), bytes('new')), err({ kind: 'no-space' }))
    assert.deepEqual(host.content(), BEFORE)
  })

  it('says of what it does not know the key and the words of the host', async () => {
    const { kv, host } = await filled()
    host.changesLeft = 0
    host.failure = { kind: 'io', reason: 'EIO: i/o error' }
    assert.deepEqual(
      await kv.remove(key('a')),
      err({ kind: 'storage', key: key('a'), reason: 'EIO: i/o error' }),
    )
  })

  it('does not open a store whose record of a batch it cannot read', async () => {
    const host = new MemoryFolder()
    await host.makeFolder(['.mirage-kv'])
    const record = await host.create(['.mirage-kv', 'commit'])
    assert.ok(record.ok)
    await record.value.write(0, bytes('{"remove":'))
    const opened = await kvDir(host)
    assert.deepEqual(opened, err({ kind: 'io', reason: '.mirage-kv/commit is damaged' }))
  })
})
