/** Everything that a package exports says what it is. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { packages } from './packages.ts'

describe('public symbols', () => {
  for (const { name, folder, exports } of packages()) {
    it(`of ${name} have a doc comment`, () => {
      const bare: string[] = []
      for (const file of new Set(Object.values(exports))) {
        const lines = readFileSync(join(folder, file), 'utf8').split('\n')
        lines.forEach((line, index) => {
          const symbol =
            /^export (?:async )?(?:function\*?|const|let|class|abstract class|interface|type) (\w+)/.exec(
              line,
            )
          // An overload's next signature shares the comment of the first.
          if (symbol === null || lines[index - 1]?.startsWith(`export function ${symbol[1]}`)) return
          if (!/\*\/\s*$/.test(lines[index - 1] ?? '')) bare.push(`${file}:${index + 1} ${symbol[1]}`)
        })
      }
      assert.deepEqual(bare, [])
    })
  }
})
