import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as argument from './argument.ts'
import { help } from './help.ts'

const groups = {
  app: {
    title: 'Application',
    args: {
      hello: argument.text({
        doc: 'What to say, to whoever listens at the other end of the line.',
        default: 'Hello',
      }),
      key: argument.text({ doc: 'A secret.' }),
      names: argument.list(argument.text({ doc: 'Who.' })),
    },
  },
  none: { title: 'Nothing', args: {} },
  logs: {
    title: 'Logs',
    args: {
      logs: argument.text({ doc: 'Levels.', docv: 'LEVELS', alias: 'l', default: 'info' }),
      quietForAsLongAsPossible: argument.flag({ doc: 'Say nothing.' }),
    },
  },
}

const HELP = `\
usage: mirage test FILE [options]

Tests what there is.

Arguments
  FILE                        What to test. (required)

Application
  --hello TEXT                What to say, to whoever listens at
                              the other end of the line.
                              (default Hello)
  --key TEXT                  A secret. (required)
  --names TEXT                Who. May be given several times.

Logs
  -l, --logs LEVELS           Levels. (default info)
  --quiet-for-as-long-as-possible
                              Say nothing.`

describe('help', () => {
  it('shows every argument with its default, aligned, within the width, and no empty group', () => {
    const positional = { file: argument.text({ doc: 'What to test.', docv: 'FILE' }) }
    const shown = help({
      name: 'mirage test',
      summary: 'Tests what there is.',
      groups,
      positional,
      width: 64,
    })
    assert.equal(shown, HELP)
  })

  it('marks what may be left out and what may be repeated', () => {
    const many = argument.list(argument.text({ doc: 'What.', docv: 'WORD' }))
    const one = argument.optional(argument.text({ doc: 'Where.', docv: 'PLACE' }))
    const [usage] = help({ name: 'x', groups: {}, positional: { one, many } }).split('\n')
    assert.equal(usage, 'usage: x [PLACE] [WORD...] [options]')
  })
})
