import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createContext, runInContext } from 'node:vm'
import { bareBundle } from './bundle.ts'
import { stopBundler } from './bundler.ts'

describe('a bundle for an engine without Node', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mirage-ambient-'))
  before(() => writeFileSync(join(folder, 'old.cjs'), 'exports.headers = () => new Headers([["a", "b"]])'))
  after(async () => {
    rmSync(folder, { recursive: true })
    await stopBundler()
  })

  /** The code of the bundle, or why there is none. */
  async function bundle(contents: string): Promise<string> {
    const bundled = await bareBundle(
      {
        stdin: { contents, resolveDir: folder },
        bundle: true,
        write: false,
        metafile: true,
        format: 'iife',
        globalName: 'given',
        platform: 'neutral',
        mainFields: ['module', 'main'],
        target: 'es2022',
      },
      'spt',
    )
    return bundled.ok ? bundled.value.outputFiles[0]!.text : bundled.error.problems[0]!.message
  }

  /** What `expression` is where there is nothing but the language, and the bundle of `contents`. */
  async function given(contents: string, expression = 'given.value'): Promise<unknown> {
    const context = createContext(Object.create(null) as object)
    return runInContext(`${await bundle(contents)}\n;${expression}`, context)
  }

  it('is what it is if it uses the language only, or has such a name of its own', async () => {
    const code = await bundle('const URL = 1; export const value = typeof URL')
    assert.doesNotMatch(code, /install|core-js/)
    assert.equal(await given('const URL = 1; export const value = typeof URL'), 'number')
  })

  it('has the classes that it uses, and those that these consist of', async () => {
    assert.equal(await given(`export const value = new URL('http://h/a/../b').href`), 'http://h/b')
    const used = `export const value = Object.keys({ ...Object.getOwnPropertyDescriptors(globalThis) }).join()`
    const names = String(await given(`${used}; export const made = new Response()`)).split(',')
    for (const name of ['Request', 'Headers', 'AbortController', 'ReadableStream'])
      assert.ok(names.includes(name))
    assert.ok(!names.includes('TextDecoder'))
  })

  it('has them in modules of CommonJS, too', async () => {
    assert.equal(await given(`import old from './old.cjs'; export const value = old.headers().get('A')`), 'b')
  })

  it('leaves alone what the engine has', async () => {
    const context = createContext({ Headers: 'its own' })
    assert.equal(
      runInContext(`${await bundle('export const value = Headers')};given.value`, context),
      'its own',
    )
  })

  it('is refused in one sentence if nobody has what it uses', async () => {
    assert.equal(
      await bundle('export const value = [Headers, structuredClone(1), fetch]'),
      'fetch, structuredClone: not on spt, where there is no Node; configure it for unix',
    )
  })
})
