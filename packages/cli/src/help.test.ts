import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { COMMANDS, TOPICS, commandHelp, commandOf, overview } from './commands/help.ts'

const WIDTH = 80

describe('the help of the tool', () => {
  it('fits on a screen of 80 columns, all of it', async () => {
    const commands = await Promise.all(COMMANDS.map(commandOf))
    const texts = [await overview(), ...Object.values(TOPICS), ...commands.map(commandHelp)]
    const wide = texts.flatMap((text) => text.split('\n')).filter((line) => line.length > WIDTH)
    assert.deepEqual(wide, [])
  })
})
