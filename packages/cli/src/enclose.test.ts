import assert from 'node:assert/strict'
import { SourceMap, type SourceMapPayload, type SourceMapping } from 'node:module'
import { describe, it } from 'node:test'
import { type Metafile, build } from 'esbuild'
import { type Program, enclosed } from './enclose.ts'

const SOURCE = `
  import { sep } from 'node:path'
  import path, * as all from 'node:path'
  import 'node:fs/promises'
  const inText = 'import a from "node:path";'
  globalThis.told = [sep, path.sep, all.sep, inText.length, await Promise.resolve(1)]
  function fail() { return new Error('told') }
  globalThis.failure = fail()
`
/** What `SOURCE` leaves behind. */
const TOLD = ['/', '/', '/', 26, 1]

describe('a program in a function', () => {
  it('does what it did, with what it imports from outside', async () => {
    const { code } = enclosed(...(await bundled(SOURCE)))
    assert.match(code, /^(import[^;]+;)+await\(async\(\)=>\{\n/)
    assert.deepEqual(await run(code), TOLD)
  })

  it('is mapped to the same lines of its sources', async () => {
    const [program, output] = await bundled(SOURCE)
    const { code, map } = enclosed(program, output)
    assert.deepEqual(originOf(code, map, 'told")'), originOf(program.code, program.map, 'told")'))
    assert.equal(originOf(code, map, 'told")').originalLine, 6)
    assert.ok(code.endsWith('})();\n//# sourceMappingURL=out.mjs.map\n'))
  })

  it('needs nothing from outside', async () => {
    const { code } = enclosed(...(await bundled('globalThis.told = [1]')))
    assert.deepEqual(await run(code), [1])
  })

  it('stays as it is if it exports something, or contains what might be an import', async () => {
    const [program, output] = await bundled('export const told = 1')
    assert.deepEqual(enclosed(program, output), program)
    const [likely, itsOutput] = await bundled(
      `import { sep } from 'node:path'; console.log(sep, ';import a from"node:path";')`,
    )
    assert.deepEqual(enclosed(likely, itsOutput), likely)
  })
})

async function bundled(source: string): Promise<[Program, Metafile['outputs'][string]]> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, sourcefile: 'source.js' },
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    sourcemap: 'linked',
    outfile: 'out.mjs',
  })
  const text = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))!.text
  const output = Object.entries(metafile.outputs).find(([path]) => path.endsWith('.mjs'))![1]
  return [{ code: text('.mjs'), map: text('.map') }, output]
}

/** What `code` tells when it runs. */
async function run(code: string): Promise<unknown> {
  await import(`data:text/javascript,${encodeURIComponent(code)}`)
  return (globalThis as { told?: unknown }).told
}

/** Where in its source the first `text` of `code` was. */
function originOf(code: string, map: string, text: string): Pick<SourceMapping, Place> {
  const before = code.slice(0, code.indexOf(text)).split('\n')
  const payload = JSON.parse(map) as SourceMapPayload
  const entry = new SourceMap(payload).findEntry(before.length - 1, before.at(-1)!.length)
  assert.ok('originalLine' in entry)
  const { originalLine, originalColumn, originalSource } = entry
  return { originalLine, originalColumn, originalSource }
}

type Place = 'originalLine' | 'originalColumn' | 'originalSource'
