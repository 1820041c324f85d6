import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'

/** What an image prints that shows the trace of an error. Its map, if any, is `map`. */
function trace(map: string | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), 'traces-'))
  try {
    const image = join(folder, 'image.mjs')
    const traces = JSON.stringify(new URL('./traces.ts', import.meta.url).href)
    const line = `import { traceSources } from ${traces}; traceSources(import.meta.url); const f = () => new Error('boom'); console.log(f().stack)`
    writeFileSync(image, line)
    if (map !== undefined) writeFileSync(`${image}.map`, map)
    return execFileSync(process.execPath, [image], { encoding: 'utf8' }).replaceAll(folder, '')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('a trace of an error', () => {
  it('is told in the words of the sources', () => {
    // The first line of the image is line 11 of its source. Files in an image come from no file.
    const sources = ['../src/app.ts', 'files:./htdocs']
    const map = { version: 3, sources, names: [], mappings: 'AAUA' }
    const lines = trace(JSON.stringify(map)).split('\n')
    assert.equal(lines[0], 'Error: boom')
    assert.match(lines[1]!, /^ {4}at f \(\/.*src\/app\.ts:11:\d+\)$/)
    assert.match(lines[2]!, /^ {4}at \/.*src\/app\.ts:11:\d+$/)
    assert.match(lines[3]!, /^ {4}at .*node:internal/)
  })

  for (const [what, map] of [
    ['there is no map', undefined],
    ['the map is damaged', '{"version":3,'],
  ] as const) {
    it(`has the places of the image where ${what}`, () => {
      const lines = trace(map).split('\n')
      assert.equal(lines[0], 'Error: boom')
      assert.match(lines[1]!, /^ {4}at f \(file:\/\/.*\/image\.mjs:1:\d+\)$/)
    })
  }
})
