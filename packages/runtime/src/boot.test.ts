import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { flag, port, text } from '@mirage/argument'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { source } from '@mirage/console/logs'
import { done, err, ok } from '@mirage/result'
import { type Running, boot } from './boot.ts'
import { type Component, type Part, constant } from './component.ts'
import { atExit, unikernelName } from './runtime.ts'

const EPOCH_MS = 1_551_780_900_000
const DATE = '2019-03-05 10:15:00 +00:00'

interface Boot {
  readonly running: Running
  readonly clock: ManualClock
  readonly shown: string[]
  readonly warned: string[]
}

function start(parts: readonly Part[], commandLine: string = ''): Boot {
  const clock = manual(EPOCH_MS)
  const shown: string[] = []
  const warned: string[] = []
  const running = boot(
    { name: 'hello', parts, info: { name: 'hello', target: 'unix', packages: { '@mirage/tcp': '0.1.0' } } },
    { commandLine, clock, show: (line) => shown.push(line), warn: (line) => warned.push(line) },
  )
  return { running, clock, shown, warned }
}

async function run(parts: readonly Part[], commandLine: string = ''): Promise<unknown> {
  const { running, shown, warned } = start(parts, commandLine)
  return { code: await running.exitCode, shown, warned }
}

function part(name: string, component: Component, needs: Record<string, string> = {}): Part {
  return { name, component, needs }
}

function application(component: Component['start'] & {}, args: Component['args'] = {}): Part {
  return part('unikernel', { args, start: component })
}

/** A device that writes down what happens to it. */
function device(name: string, events: string[], needs: Record<string, string> = {}): Part {
  const connect = (given: Record<string, unknown>): ReturnType<Component['connect'] & {}> => {
    events.push(
      `connect ${name} with ${Object.entries(given)
        .map((each) => each.join('='))
        .join()}`,
    )
    return ok({ toString: () => name, disconnect: () => void events.push(`disconnect ${name}`) })
  }
  return part(name, { connect }, needs)
}

const idle = application(() => Promise.resolve())
const forever = application(() => new Promise(() => {}))

describe('boot', () => {
  it('connects each device once and in order, and disconnects in reverse', async () => {
    const events: string[] = []
    const app = part(
      'unikernel',
      { start: async (devices: object) => void events.push(`start with ${Object.values(devices).join()}`) },
      { stack: 'stack', clock: 'clock' },
    )
    const parts = [
      device('clock', events),
      device('net', events),
      device('stack', events, { net: 'net', clock: 'clock' }),
      app,
    ]
    assert.deepEqual(await run(parts), { code: 0, shown: [], warned: [] })
    assert.deepEqual(events, [
      'connect clock with ',
      'connect net with ',
      'connect stack with net=net,clock=clock',
      'start with stack,clock',
      'disconnect stack',
      'disconnect net',
      'disconnect clock',
    ])
  })

  it('gives every part the values of its own arguments', async () => {
    const given: unknown[] = []
    const args = { ipv4Port: port({ doc: 'A port.', default: 1 }) }
    const connect = (_: unknown, values: unknown): ReturnType<Component['connect'] & {}> => {
      given.push(values)
      return done
    }
    const parts = [
      part('one', { args, connect }),
      { ...part('two', { args, connect }), group: 'b' },
      application(async (_: unknown, values: unknown) => void given.push(values), {
        hello: text({ doc: 'What to say.' }),
      }),
    ]
    const line = '--b-ipv4-port=2 --hello=foo\\ bar'
    assert.deepEqual(await run(parts, line), { code: 0, shown: [], warned: [] })
    assert.deepEqual(given, [{ ipv4Port: 1 }, { ipv4Port: 2 }, { hello: 'foo bar' }])
  })

  it('may have the name of one of its devices', async () => {
    const given: unknown[] = []
    const args = { port: port({ doc: 'A port.', default: 1 }) }
    const clockOf = { args: {}, connect: () => ok('the clock') }
    const app: Component = { args, start: async (...all: unknown[]) => void given.push(...all) }
    await run([part('clock', clockOf), part('clock', app, { clock: 'clock' })])
    assert.deepEqual(given, [{ clock: 'the clock' }, { port: 1 }])
  })

  it('tells devices its name, or what --name says', async () => {
    const names: string[] = []
    const connect: Component['connect'] & {} = (_needs, _args, { name }) => {
      names.push(name)
      return ok(undefined)
    }
    await run([part('net', { connect }), idle])
    await run([part('net', { connect }), idle], '--name other')
    assert.deepEqual(names, ['hello', 'other'])
  })

  it('is told its name, or another by --name', async () => {
    const names: string[] = []
    const app = application(async () => void names.push(unikernelName()))
    await run([app])
    await run([app], '--name other')
    assert.deepEqual(names, ['hello', 'other'])
  })

  it('waits for --delay before it connects anything', async () => {
    const events: string[] = []
    const { running, clock } = start([device('net', events), idle], '--delay=1.5')
    await setImmediate()
    clock.advance(1499)
    await setImmediate()
    assert.deepEqual(events, [])
    clock.advance(1)
    assert.equal(await running.exitCode, 0)
    assert.equal(events.length, 2)
  })
})

describe('a command line', () => {
  it('that asks for help is answered with all arguments and exit code 63', async () => {
    const { running, shown, warned } = start([idle], '--nonsense --help')
    assert.equal(await running.exitCode, 63)
    assert.deepEqual(warned, [])
    assert.match(
      shown.join('\n'),
      /^usage: hello \[options\]\n[^]*--name TEXT .*\(default hello\)[^]*-l, --logs LEVELS/,
    )
  })

  it('that asks for the version is answered with what is in the image and exit code 63', async () => {
    const shown = ['hello for unix\n  @mirage/tcp 0.1.0']
    assert.deepEqual(await run([idle], '--version'), { code: 63, shown, warned: [] })
  })

  const refused: [line: string, sentence: RegExp][] = [
    ['--prot=1', /^hello: unknown option --prot, did you mean --port\?$/],
    ['--port=http', /^hello: option --port: invalid value "http", expected a port from 1 to 65535$/],
    [
      '--logs=loud',
      /^hello: option --logs: invalid value "loud", expected quiet, app, .* or debug, or SOURCE:LEVEL/,
    ],
    ['--port=1 bar', /^hello: unexpected argument "bar"; to pass a space, quote it/],
    ['\\', /^hello: the command line ends in a backslash that escapes nothing; to pass/],
    ['"', /^hello: the command line ends inside a quotation; to pass/],
  ]
  for (const [line, sentence] of refused) {
    it(`like ${line} ends with one sentence and exit code 64, and connects nothing`, async () => {
      const events: string[] = []
      const app = application(() => assert.fail('it started'), {
        port: port({ doc: 'A port.', default: 80 }),
      })
      const { running, shown, warned } = start([device('net', events), app], line)
      assert.equal(await running.exitCode, 64)
      assert.deepEqual([shown, events, warned.length], [[], [], 1])
      assert.match(warned[0]!, sentence)
    })
  }

  it('that two parts would share is refused, naming both', async () => {
    const args = { verbose: flag({ doc: 'Say more.' }) }
    const parts = [part('net', { args, connect: () => done }), application(() => Promise.resolve(), args)]
    const sentence =
      'hello: hello and net both have an argument --verbose: give one of them a group in config.ts'
    assert.deepEqual(await run(parts), { code: 1, shown: [], warned: [sentence] })
  })
})

describe('logs', () => {
  it('are written at the levels that --logs says', async () => {
    const [a, b] = [source('boot.a'), source('boot.b')]
    const app = application(async () => {
      for (const each of [a, b]) {
        each.info('info')
        each.debug('debug')
      }
    })
    assert.deepEqual(await run([app], '-l *:quiet,boot.a:debug'), {
      code: 0,
      shown: [],
      warned: [`${DATE}: INF [boot.a] info`, `${DATE}: DBG [boot.a] debug`],
    })
    assert.deepEqual(await run([app], '--logs=boot.a:quiet'), {
      code: 0,
      shown: [],
      warned: [`${DATE}: INF [boot.b] info`],
    })
  })

  it('warn of a source that nobody has asked for', async () => {
    const warned = ['hello: --logs: there is no source boot.nobody']
    assert.deepEqual(await run([idle], '-l boot.nobody:debug'), { code: 0, shown: [], warned })
  })
})

describe('a failure', () => {
  it('to connect names the device, connects no other, and disconnects those before', async () => {
    const events: string[] = []
    const broken = part('disk', { connect: () => err('there is no file disk.img') })
    const parts = [
      device('net', events),
      broken,
      device('late', events),
      application(() => assert.fail('it started')),
    ]
    const warned = ['hello: disk: there is no file disk.img']
    assert.deepEqual(await run(parts), { code: 1, shown: [], warned })
    assert.deepEqual(events, ['connect net with ', 'disconnect net'])
  })

  it('of the application is its sentence and exit code 1', async () => {
    const app = application(async () => err('nobody answers'))
    assert.deepEqual(await run([app]), { code: 1, shown: [], warned: ['hello: nobody answers'] })
  })

  it('that was thrown is shown with its place and exit code 255', async () => {
    const app = application(() => Promise.reject(new Error('a bug')))
    const { running, warned } = start([app])
    assert.equal(await running.exitCode, 255)
    assert.match(warned.join('\n'), /^hello: uncaught exception: Error: a bug\n +at /)
  })

  it('that was thrown shows the last messages, also those that --logs hides', async () => {
    const log = source('boot.ring')
    const app = application(async () => {
      for (const message of ['one', 'two', 'three']) log.debug(message)
      log.error('shown')
      throw 'a bug'
    })
    const { running, warned } = start([app], '--log-ring=3 --logs=error')
    assert.equal(await running.exitCode, 255)
    assert.deepEqual(warned, [
      `${DATE}: ERR [boot.ring] shown`,
      'hello: uncaught exception: a bug',
      '--- The last 3 log messages ---',
      `${DATE}: DBG [boot.ring] two`,
      `${DATE}: DBG [boot.ring] three`,
      `${DATE}: ERR [boot.ring] shown`,
      '--- End of the log messages ---',
    ])
  })

  it('outside of the application ends it as well', async () => {
    const { running, warned } = start([forever])
    running.crash(new Error('in a timer'))
    assert.equal(await running.exitCode, 255)
    assert.match(warned[0]!, /in a timer/)
  })
})

describe('a request to end', () => {
  it('disconnects in reverse and is exit code 0', async () => {
    const events: string[] = []
    const { running } = start([device('net', events), device('stack', events), forever])
    await setImmediate()
    running.shutdown()
    assert.equal(await running.exitCode, 0)
    assert.deepEqual(events.slice(2), ['disconnect stack', 'disconnect net'])
  })

  it('does not wait for a device that is still connecting, which is disconnected when it is ready', async () => {
    const events: string[] = []
    let ready = (): void => {}
    const slow = device('slow', events)
    const connect: Component['connect'] & {} = async (needs: never, args: never, about) => {
      await new Promise<void>((resolve) => {
        ready = resolve
      })
      return slow.component.connect!(needs, args, about)
    }
    const app = application(() => assert.fail('it started'))
    const { running } = start([device('net', events), part('slow', { connect }), app])
    await setImmediate()
    running.shutdown()
    assert.equal(await running.exitCode, 0)
    assert.deepEqual(events, ['connect net with ', 'disconnect net'])
    ready()
    await setImmediate()
    assert.deepEqual(events.slice(2), ['connect slow with ', 'disconnect slow'])
  })

  it('during --delay connects nothing, also not later', async () => {
    const events: string[] = []
    const { running, clock } = start([device('net', events), forever], '--delay=1')
    await setImmediate()
    running.shutdown()
    assert.equal(await running.exitCode, 0)
    clock.advance(1000)
    await setImmediate()
    assert.deepEqual(events, [])
  })

  it('runs the exit hooks before the devices are disconnected, the last one first', async () => {
    const events: string[] = []
    const app = application(async () => {
      atExit(() => void events.push('first hook'))
      atExit(async () => {
        await setImmediate()
        events.push('last hook')
      })
    })
    await run([device('net', events), app])
    assert.deepEqual(events, ['connect net with ', 'last hook', 'first hook', 'disconnect net'])
  })

  it('that comes twice ends it at once', async () => {
    const stuck = part('stuck', { connect: () => ok({ disconnect: () => new Promise(() => {}) }) })
    const { running } = start([stuck, forever])
    await setImmediate()
    running.shutdown()
    running.shutdown()
    assert.equal(await running.exitCode, 1)
  })

  it('is not held up for ever by a device', async () => {
    const stuck = part('stuck', { connect: () => ok({ disconnect: () => new Promise(() => {}) }) })
    const { running, clock, warned } = start([stuck, forever])
    await setImmediate()
    running.shutdown()
    await setImmediate()
    clock.advance(5000)
    assert.equal(await running.exitCode, 1)
    assert.deepEqual(warned, ['hello: did not end in 5 s'])
  })

  it('disconnects the others where one throws, and tells of it', async () => {
    const events: string[] = []
    const broken = part('broken', {
      connect: () => ok({ disconnect: () => Promise.reject(new Error('a bug')) }),
    })
    const { running, warned } = start([device('net', events), broken, idle])
    assert.equal(await running.exitCode, 255)
    assert.deepEqual(events.slice(1), ['disconnect net'])
    assert.match(warned[0]!, /a bug/)
  })
})

describe('a constant', () => {
  it('is the device that it was made of', async () => {
    const given: unknown[] = []
    const app = part(
      'unikernel',
      { start: async (devices: unknown) => void given.push(devices) },
      { folder: 'path' },
    )
    await run([part('path', constant('./htdocs')), app])
    assert.deepEqual(given, [{ folder: './htdocs' }])
  })
})
