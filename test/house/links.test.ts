/** What documents point to is there. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { ROOT } from './packages.ts'

describe('the documents', () => {
  it('point to files that are there', () => {
    const listed = execFileSync('git', ['ls-files', '-z', '*.md'], { cwd: ROOT, encoding: 'utf8' })
    const broken: string[] = []
    for (const document of listed.split('\0').filter(Boolean)) {
      for (const [, target] of readFileSync(join(ROOT, document), 'utf8').matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:|^#/.test(target!)) continue
        if (!existsSync(join(ROOT, dirname(document), target!.replace(/#.*$/, ''))))
          broken.push(`${document}: ${target}`)
      }
    }
    assert.deepEqual(broken, [])
  })
})
