import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as utf8 from '@mirage/bytes/utf8'
import type { WallTime } from '@mirage/clock'
import type { Kv } from '@mirage/kv'
import { kvContract } from '@mirage/kv/contract'
import * as Key from '@mirage/kv/key'
import { err, ok } from '@mirage/result'
import { connect } from './kv.ts'

const top = fs.mkdtempSync(path.join(os.tmpdir(), 'mirage-kv-'))
after(() => fs.rmSync(top, { recursive: true }))

function newFolder(): string {
  return fs.mkdtempSync(path.join(top, 'store-'))
}

async function open(folder: string): Promise<Kv> {
  const store = await connect({ folder })
  assert.ok(store.ok, store.ok ? '' : store.error)
  return store.value
}

/** The date that the file system gives to a file now. */
function fileDate(): WallTime {
  const probe = path.join(top, 'probe')
  fs.writeFileSync(probe, '')
  const ns = fs.statSync(probe, { bigint: true }).mtimeNs
  const day = 86_400_000_000_000n
  return { days: Number(ns / day), picoseconds: (ns % day) * 1000n }
}

kvContract('a host folder', async () => ({ kv: await open(newFolder()), wall: fileDate }))

describe('connecting a host folder', () => {
  const refused: [title: string, folder: string, reason: RegExp][] = [
    ['the empty path', '', /empty path/],
    ['a path where there is nothing', path.join(top, 'nothing'), /nothing.*no such file/i],
    ['a device', '/dev/null', /not a folder/],
    ['a file', '/etc/passwd', /not a folder/],
  ]
  for (const [title, folder, reason] of refused) {
    it(`refuses ${title}`, async () => {
      const store = await connect({ folder })
      assert.ok(!store.ok)
      assert.match(store.error, reason)
    })
  }

  it('takes a folder that a link leads to', async () => {
    const [folder, link] = [newFolder(), path.join(top, 'link-to-a-store')]
    fs.writeFileSync(path.join(folder, 'v'), 'v')
    fs.symlinkSync(folder, link)
    assert.deepEqual(await (await open(link)).get(Key.parse('v')), ok(utf8.encode('v')))
  })

  it('leaves no file of its own in a folder that is only read', async () => {
    const folder = newFolder()
    fs.writeFileSync(path.join(folder, 'v'), 'v')
    const kv = await open(folder)
    await kv.get(Key.parse('v'))
    await kv.list(Key.empty)
    assert.deepEqual(fs.readdirSync(folder), ['v'])
  })
})

describe('a host folder', () => {
  const key = Key.parse

  for (const segment of ['.', '..', 'a\0b', '\ud800']) {
    it(`refuses the segment ${JSON.stringify(segment)} in every operation`, async () => {
      const kv = await open(newFolder())
      for (const bad of [key(segment), key(`d/${segment}`), key(`${segment}/v`)]) {
        const expected = err({ kind: 'bad-key', key: bad })
        assert.deepEqual(await kv.exists(bad), expected)
        assert.deepEqual(await kv.get(bad), expected)
        assert.deepEqual(await kv.getPartial(bad, 0, 1), expected)
        assert.deepEqual(await kv.size(bad), expected)
        assert.deepEqual(await kv.list(bad), expected)
        assert.deepEqual(await kv.lastModified(bad), expected)
        assert.deepEqual(await kv.digest(bad), expected)
        assert.deepEqual(await kv.set(bad, Uint8Array.of(1)), expected)
        assert.deepEqual(await kv.setPartial(bad, 0, Uint8Array.of(1)), expected)
        assert.deepEqual(await kv.remove(bad), expected)
        assert.deepEqual(await kv.rename(bad, key('x')), expected)
        assert.deepEqual(await kv.rename(key('x'), bad), expected)
      }
    })
  }

  it('refuses names longer than the host has', async () => {
    const kv = await open(newFolder())
    for (const bad of [key('n'.repeat(256)), key('d/'.repeat(3000))]) {
      assert.deepEqual(await kv.get(bad), err({ kind: 'bad-key', key: bad }))
      assert.deepEqual(await kv.set(bad, Uint8Array.of(1)), err({ kind: 'bad-key', key: bad }))
    }
  })

  it('keeps its own folder out of the store', async () => {
    const kv = await open(newFolder())
    await kv.set(key('v'), utf8.encode('v'))
    const own = key('.mirage-kv')
    assert.deepEqual(await kv.exists(own), err({ kind: 'bad-key', key: own }))
    assert.deepEqual(await kv.remove(own), err({ kind: 'bad-key', key: own }))
    assert.deepEqual(await kv.list(Key.empty), ok([{ name: 'v', kind: 'value' }]))
    assert.ok((await kv.batch(async (view) => view.remove(Key.empty))).ok)
    assert.deepEqual(await kv.list(Key.empty), ok([]))
  })

  describe('with links', () => {
    /** A store with links of every kind, beside a folder with a secret. */
    async function linked(): Promise<{ kv: Kv; folder: string; secret: string }> {
      const [folder, outside] = [newFolder(), newFolder()]
      const secret = path.join(outside, 'secret')
      fs.writeFileSync(secret, 'secret')
      fs.mkdirSync(path.join(folder, 'd'))
      fs.writeFileSync(path.join(folder, 'd/v'), 'inside')
      const links: [link: string, to: string][] = [
        ['value', 'd/v'],
        ['dictionary', 'd'],
        ['d/up', '../d/v'],
        ['absolute', path.join(folder, 'd/v')],
        ['out', secret],
        ['out-folder', outside],
        ['d/out-relative', `../../${path.basename(outside)}/secret`],
        ['root', '/'],
        ['dangling', 'nowhere'],
        ['loop', 'loop'],
        ['process', '/proc/self/root'],
      ]
      for (const [link, to] of links) fs.symlinkSync(to, path.join(folder, link))
      return { kv: await open(folder), folder, secret }
    }

    it('follows those that stay inside', async () => {
      const { kv } = await linked()
      for (const path of ['value', 'dictionary/v', 'd/up', 'dictionary/up', 'absolute']) {
        assert.deepEqual(await kv.get(key(path)), ok(utf8.encode('inside')), path)
      }
      assert.deepEqual(await kv.exists(key('dictionary')), ok('dictionary'))
    })

    it('has nothing where one leads outside, nowhere or in a circle', async () => {
      const { kv } = await linked()
      const names = [
        'out',
        'out-folder',
        'out-folder/secret',
        'd/out-relative',
        'root',
        'root/etc/passwd',
        'dangling',
        'loop',
        'process',
        'process/etc/passwd',
      ]
      for (const name of names) {
        const nothing = err({ kind: 'not-found', key: key(name) })
        assert.deepEqual(await kv.exists(key(name)), ok(undefined), name)
        assert.deepEqual(await kv.get(key(name)), nothing, name)
        assert.deepEqual(await kv.getPartial(key(name), 0, 1), nothing, name)
        assert.deepEqual(await kv.size(key(name)), nothing, name)
        assert.deepEqual(await kv.list(key(name)), nothing, name)
        assert.deepEqual(await kv.digest(key(name)), nothing, name)
        assert.deepEqual(await kv.lastModified(key(name)), nothing, name)
      }
      const listed = await kv.list(Key.empty)
      assert.ok(listed.ok)
      assert.deepEqual(listed.value.map(({ name }) => name).sort(), ['absolute', 'd', 'dictionary', 'value'])
    })

    it('never writes, moves or removes anything outside', async () => {
      const { kv, secret } = await linked()
      const x = Uint8Array.of(1)
      const below = key('out-folder/new')
      assert.deepEqual(await kv.set(below, x), err({ kind: 'bad-key', key: below }))
      assert.deepEqual(await kv.rename(key('d/v'), below), err({ kind: 'bad-key', key: below }))
      await kv.remove(key('out-folder/secret'))
      await kv.setPartial(key('out-folder/secret'), 0, x)
      await kv.rename(key('out-folder/secret'), key('stolen'))
      for (const name of ['out', 'out-folder', 'root', 'process']) await kv.remove(key(name))
      await kv.set(key('d/out-relative'), x)
      await kv.remove(Key.empty)
      assert.equal(fs.readFileSync(secret, 'utf8'), 'secret')
      assert.deepEqual(fs.readdirSync(path.dirname(secret)), ['secret'])
      assert.ok(fs.existsSync('/etc/passwd'))
    })

    it('replaces and removes a link, not what it leads to', async () => {
      const { kv, folder } = await linked()
      await kv.set(key('value'), utf8.encode('new'))
      await kv.remove(key('dictionary'))
      assert.equal(fs.readFileSync(path.join(folder, 'd/v'), 'utf8'), 'inside')
      assert.equal(fs.readFileSync(path.join(folder, 'value'), 'utf8'), 'new')
    })

    it('does not follow one that is exchanged while it looks', {
      skip: process.platform !== 'linux',
    }, async () => {
      const { kv, folder, secret } = await linked()
      const [swapped, spare] = [path.join(folder, 'swapped'), path.join(folder, 'spare')]
      let answers = 0
      for (let i = 0; i < 300; i++) {
        fs.symlinkSync(i % 2 === 0 ? secret : 'd/v', spare)
        const reading = kv.get(key('swapped'))
        fs.renameSync(spare, swapped)
        const got = await reading
        if (got.ok) answers++
        assert.notDeepEqual(got, ok(utf8.encode('secret')))
      }
      assert.ok(answers > 0)
    })

    it('says that a dictionary has no digest when it leads back to itself', async () => {
      const folder = newFolder()
      fs.mkdirSync(path.join(folder, 'd'))
      fs.symlinkSync('..', path.join(folder, 'd/back'))
      const digest = await (await open(folder)).digest(Key.empty)
      assert.ok(!digest.ok && digest.error.kind === 'storage')
    })
  })

  it('has nothing where there is neither a file nor a folder, and does not wait for it', async () => {
    const kv = await open('/dev')
    assert.deepEqual(await kv.exists(key('null')), ok(undefined))
    assert.deepEqual(await kv.get(key('zero')), err({ kind: 'not-found', key: key('zero') }))
  })

  it('replaces a file at once: who has it open keeps the old one', async () => {
    const folder = newFolder()
    const kv = await open(folder)
    await kv.set(key('v'), utf8.encode('old'))
    const fd = fs.openSync(path.join(folder, 'v'), 'r')
    await kv.set(key('v'), utf8.encode('new'))
    assert.equal(fs.readFileSync(fd, 'utf8'), 'old')
    fs.closeSync(fd)
    assert.equal(fs.readFileSync(path.join(folder, 'v'), 'utf8'), 'new')
  })

  it('sees what other programs change, also in the digest', async () => {
    const folder = newFolder()
    const kv = await open(folder)
    const file = path.join(folder, 'v')
    fs.writeFileSync(file, 'aaa')
    fs.utimesSync(file, 1, 1)
    const before = await kv.digest(key('v'))
    fs.writeFileSync(file, 'bbb')
    fs.utimesSync(file, 1, 1)
    assert.deepEqual(await kv.get(key('v')), ok(utf8.encode('bbb')))
    assert.notDeepEqual(await kv.digest(key('v')), before)
  })

  it('runs a batch again when another program changed what it read', async () => {
    const folder = newFolder()
    const kv = await open(folder)
    fs.writeFileSync(path.join(folder, 'v'), '1')
    let runs = 0
    await kv.batch(async (view) => {
      await view.get(key('v'))
      if (++runs === 1) fs.writeFileSync(path.join(folder, 'v'), '22')
      return view.set(key('w'), Uint8Array.of(runs))
    })
    assert.deepEqual(await kv.get(key('w')), ok(Uint8Array.of(2)))
  })

  it('digests, reads and changes 100 MB without ever holding them', async () => {
    const folder = newFolder()
    const kv = await open(folder)
    const piece = Buffer.alloc(1_000_000, 'mirage')
    const hash = createHash('sha256')
    const fd = fs.openSync(path.join(folder, 'big'), 'w')
    for (let i = 0; i < 100; i++) {
      piece.writeUInt32LE(i, 0)
      fs.writeSync(fd, piece)
      hash.update(piece)
    }
    fs.closeSync(fd)
    const before = held(0)
    let most = 0
    const timer = setInterval(() => (most = Math.max(most, held(before + HELD_MAX) - before)), 10)
    const digest = await kv.digest(key('big'))
    assert.deepEqual(digest, ok(new Uint8Array(hash.digest())))
    assert.deepEqual(await kv.size(key('big')), ok(100_000_000))
    const part = await kv.getPartial(key('big'), 99_999_990, 100)
    assert.ok(part.ok && part.value.length === 10)
    assert.deepEqual(await kv.setPartial(key('big'), 50_000_000, Uint8Array.of(1, 2, 3)), ok(undefined))
    assert.deepEqual(await kv.getPartial(key('big'), 49_999_999, 5), ok(Uint8Array.of(97, 1, 2, 3, 0)))
    clearInterval(timer)
    assert.ok(most < HELD_MAX, `${most} bytes`)
  })
})

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Half of what is read. */
const HELD_MAX = 50_000_000

/** Bytes of buffers, of those that somebody holds if there are more than `few`: the rest is the collector's, when it likes. */
function held(few: number): number {
  if (process.memoryUsage().arrayBuffers > few) {
    // Buffers that are garbage are taken back beside the program, at the latest when it is collected again.
    collect()
    collect()
  }
  return process.memoryUsage().arrayBuffers
}
