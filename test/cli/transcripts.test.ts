/** The tool as a person sees it: every transcript, command by command. */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { skipWithout } from '../system.ts'
import { Shell, parse } from './transcript.ts'

const FOLDER = fileURLToPath(new URL('transcripts', import.meta.url))

for (const file of readdirSync(FOLDER).sort()) {
  const text = readFileSync(join(FOLDER, file), 'utf8')
  const skip = text.includes('curl ') && skipWithout('curl')
  describe(`the transcript ${file}`, { skip }, () => {
    const shell = new Shell()
    after(() => shell.remove())
    for (const { command, expected, line } of parse(text)) {
      it(`line ${line}: ${command.split('\n')[0]}`, async () => {
        assert.deepEqual(await shell.run(command), expected)
      })
    }
  })
}
