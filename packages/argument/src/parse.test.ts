import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import * as ipv4 from '@mirage/address/ipv4'
import * as argument from './argument.ts'
import { asksFor, explain, nearest, parse } from './parse.ts'

const groups = {
  app: {
    title: 'Application',
    args: {
      port: argument.port({ doc: 'Where to listen.', default: 80 }),
      verbose: argument.flag({ doc: 'Say more.', alias: 'v' }),
      logLevel: argument.text({ doc: 'What to log.', alias: 'l', default: 'info' }),
      names: argument.list(argument.text({ doc: 'Who.' })),
      delay: argument.number({ doc: 'Seconds.', default: 0 }),
    },
  },
  stack: {
    title: 'Network',
    prefix: 'b',
    args: {
      ipv4Gateway: argument.optional(argument.ipv4({ doc: 'The router.' })),
      verbose: argument.flag({ doc: 'Say more.', alias: 'v' }),
    },
  },
}

const DEFAULTS = { port: 80, verbose: false, logLevel: 'info', names: [], delay: 0 }

function app(...words: string[]): unknown {
  const parsed = parse(words, groups)
  return parsed.ok ? parsed.value.groups.app : explain(parsed.error)
}

describe('parse', () => {
  it('gives the defaults where nothing is given', () => {
    assert.deepEqual(app(), DEFAULTS)
  })

  const accepted: [words: string[], values: object][] = [
    [['--port=8080'], { port: 8080 }],
    [['--port', '8080'], { port: 8080 }],
    [['--port', '1', '--port', '2'], { port: 2 }],
    [['--log-level', ''], { logLevel: '' }],
    [['--log-level='], { logLevel: '' }],
    [['--log-level=a=b'], { logLevel: 'a=b' }],
    [['--log-level=--verbose'], { logLevel: '--verbose' }],
    [['-l', 'debug'], { logLevel: 'debug' }],
    [['-ldebug'], { logLevel: 'debug' }],
    [['-l=debug'], { logLevel: 'debug' }],
    [['-l', '-'], { logLevel: '-' }],
    [['-v'], { verbose: true }],
    [['--verbose', '--verbose=false'], { verbose: false }],
    [['--names=a,b', '--names', 'c'], { names: ['a', 'b', 'c'] }],
    [['--delay', '-0.5'], { delay: -0.5 }],
    [['--delay', '-.5'], { delay: -0.5 }],
    [['--delay=1e3'], { delay: 1000 }],
  ]
  for (const [words, values] of accepted) {
    it(`understands ${words.join(' ')}`, () => assert.deepEqual(app(...words), { ...DEFAULTS, ...values }))
  }

  const refused: [words: string[], sentence: string][] = [
    [['--prot=80'], 'unknown option --prot, did you mean --port?'],
    [['--nonsense'], 'unknown option --nonsense'],
    [['-x'], 'unknown option -x'],
    [['--port'], 'option --port: needs a value, expected a port from 1 to 65535'],
    [['--port', '--verbose'], 'option --port: needs a value, expected a port from 1 to 65535'],
    [['--port', '0'], 'option --port: invalid value "0", expected a port from 1 to 65535'],
    [['--port=65536'], 'option --port: invalid value "65536", expected a port from 1 to 65535'],
    [['--port=0x50'], 'option --port: invalid value "0x50", expected a port from 1 to 65535'],
    [['--delay='], 'option --delay: invalid value "", expected a number'],
    [['--verbose=maybe'], 'option --verbose: invalid value "maybe", expected true or false'],
    [
      ['--b-ipv4-gateway=10.0.0'],
      'option --b-ipv4-gateway: invalid value "10.0.0", expected an IPv4 address such as 10.0.0.1',
    ],
    [['word'], 'unexpected argument "word"'],
    [['--', '--port=80'], 'unexpected argument "--port=80"'],
  ]
  for (const [words, sentence] of refused) {
    it(`refuses ${words.join(' ')}`, () => assert.equal(app(...words), sentence))
  }

  it('takes any text as a value after =, and understands or explains any words', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        assert.deepEqual(app(`--log-level=${text}`), { ...DEFAULTS, logLevel: text })
      }),
    )
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('--', '-', '-l', '--port', '--names=', '--verbose', '80'),
    )
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const parsed = parse(words, groups)
        assert.ok(parsed.ok || explain(parsed.error) !== '')
      }),
    )
  })

  it('keeps groups with a prefix apart from those without', () => {
    const parsed = parse(['-v', '--b-ipv4-gateway', '10.0.0.1'], groups)
    assert.ok(parsed.ok)
    assert.deepEqual(parsed.value.groups.app, { ...DEFAULTS, verbose: true })
    assert.deepEqual(parsed.value.groups.stack, { ipv4Gateway: ipv4.of(10, 0, 0, 1), verbose: false })
  })

  it('tells what was given from what is a default', () => {
    const parsed = parse(['-l', 'info', '--names=a', '--names=b'], groups)
    assert.deepEqual(
      [...(parsed.ok ? parsed.value.given : [])],
      [
        ['--log-level', ['info']],
        ['--names', ['a', 'b']],
      ],
    )
  })

  it('requires what has no default, naming it and what it is for', () => {
    const parsed = parse([], { a: { title: 'A', args: { hello: argument.text({ doc: 'Whom to greet.' }) } } })
    assert.equal(!parsed.ok && explain(parsed.error), 'option --hello TEXT is required: Whom to greet.')
  })

  it('throws where two groups share a name', () => {
    const { app: one } = groups
    assert.throws(() => parse([], { one, two: one }), /--port is the name of one option/)
  })
})

describe('positional arguments', () => {
  const positional = {
    file: argument.text({ doc: 'What to read.', docv: 'FILE' }),
    counts: argument.list(argument.integer({ doc: 'How many.', docv: 'COUNT', min: 0 })),
  }
  function words(...given: string[]): unknown {
    const parsed = parse(given, groups, positional)
    return parsed.ok ? parsed.value.positional : explain(parsed.error)
  }

  it('take words in their order, the last one all that remain', () => {
    assert.deepEqual(words('a', '1', '--verbose', '2'), { file: 'a', counts: [1, 2] })
    assert.deepEqual(words('a'), { file: 'a', counts: [] })
  })

  it('begin with a hyphen after --', () => {
    assert.deepEqual(words('--', '--verbose', '1'), { file: '--verbose', counts: [1] })
  })

  it('are named when they are missing or wrong', () => {
    assert.equal(words(), 'argument FILE is required: What to read.')
    assert.equal(words('a', 'b'), 'option COUNT: invalid value "b", expected a whole number of at least 0')
  })
})

describe('asksFor', () => {
  it('finds a request for help beside whatever is wrong', () => {
    assert.equal(asksFor(['--nonsense', '-h'], '--help', '-h'), true)
    assert.equal(asksFor(['--helpful'], '--help', '-h'), false)
  })

  it('does not look after --', () => {
    assert.equal(asksFor(['--', '--help'], '--help'), false)
  })
})

describe('nearest', () => {
  it('prefers what comes first where two are equally near', () => {
    assert.equal(nearest('--abcdex', ['--abcdef', '--abcdeg']), '--abcdef')
  })

  const near: [word: string, nearest: string | undefined][] = [
    ['--ipv4-gatway', '--ipv4-gateway'],
    ['--ipv', '--ipv4'],
    ['--logs', undefined],
    [`--${'x'.repeat(10_000)}`, undefined],
  ]
  for (const [word, expected] of near) {
    it(`of ${word.slice(0, 20)} is ${expected ?? 'nothing'}`, () =>
      assert.equal(nearest(word, ['--ipv4', '--ipv4-gateway', '--hello']), expected))
  }
})
