import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Child } from '../../../test/child.ts'

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The entry module of an image whose application has this body, and whose last device is disconnected as `end` says. */
function image(start: string, end: string): string {
  const url = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href)
  return `
    import { main } from ${url('./start.ts')}
    import * as clock from ${url('./clock.ts')}
    import * as console from ${url('./console.ts')}
    import { optional, text } from ${JSON.stringify(import.meta.resolve('@mirage/argument'))}
    const application = {
      args: { hello: optional(text({ doc: 'What to say.' })) },
      async start({ clock, console }, { hello }) { ${start} },
    }
    const ending = {
      connect: () => ({ ok: true, value: { async disconnect() { ${end} } } }),
    }
    main({
      name: 'hello',
      info: { name: 'hello', target: 'unix', packages: {} },
      components: [
        { name: 'clock', component: clock, needs: {} },
        { name: 'console', component: console, needs: {} },
        { name: 'ending', component: ending, needs: {} },
        { name: 'hello', component: application, needs: { clock: 'clock', console: 'console' } },
      ],
    })`
}

interface Begun {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

function begin(start: string, words: readonly string[] = [], end = ''): Begun {
  const child = spawn(process.execPath, [
    '--input-type=module',
    '--eval',
    image(start, end),
    'image.mjs',
    ...words,
  ])
  const output = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => (output[stream] += text))
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }))
  return { child, ended }
}

/** The process of an application that says that it is there, once it has. */
async function waiting(start: string, end?: string): Promise<Begun> {
  const begun = begin(`console.log('here'); ${start}`, [], end)
  await new Child(begun.child).prints(/here/)
  return begun
}

describe('a unikernel as a Node process', () => {
  it('ends with 0 when its application does', async () => {
    assert.deepEqual(await begin(`console.log('hi')`).ended, { code: 0, stdout: 'hi\n', stderr: '' })
  })

  it('joins the words of the shell and splits them by its own rules', async () => {
    const say = 'console.log(hello)'
    // What a shell makes of --hello=foo\\ bar.
    assert.equal((await begin(say, ['--hello=foo\\', 'bar']).ended).stdout, 'foo bar\n')
    const { code, stderr } = await begin(say, ['--hello=foo bar']).ended
    assert.equal(code, 64)
    assert.match(stderr, /^hello: unexpected argument "bar"; to pass a space, [^\n]+\n$/)
  })

  it('shows help on its standard output', async () => {
    const { code, stdout, stderr } = await begin('', ['--help']).ended
    assert.deepEqual([code, stderr], [63, ''])
    assert.match(stdout, /--hello TEXT +What to say\./)
  })

  it('ends with 255 where its application throws, now or later', async () => {
    for (const start of [
      `throw new Error('a bug')`,
      `clock.at(clock.now(), () => { throw new Error('a bug') }); await new Promise(() => {})`,
      `void Promise.reject(new Error('a bug')); await new Promise(() => {})`,
    ]) {
      const { code, stderr } = await begin(start).ended
      assert.equal(code, 255)
      assert.match(stderr, /^hello: uncaught exception: Error: a bug\n +at /)
    }
  })

  it('waits as long as its application does, and ends in order with 0 on a signal', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const { child, ended } = await waiting('await new Promise(() => {})')
      child.kill(signal)
      child.kill(signal)
      assert.deepEqual(await ended, { code: 0, stdout: 'here\n', stderr: '' })
    }
  })

  it('takes a signal for the first one that came while it had no time to hear of it', async () => {
    const end = `
      process.kill(process.pid, 'SIGINT')
      for (const begun = performance.now(); performance.now() - begun < 1000; );
      await new Promise((resolve) => setTimeout(resolve, 50))`
    const { child, ended } = await waiting('await new Promise(() => {})', end)
    child.kill('SIGINT')
    assert.deepEqual(await ended, { code: 0, stdout: 'here\n', stderr: '' })
  })

  it('ends at once where it is asked again', async () => {
    const end = `globalThis.console.log('ending'); await new Promise(() => {})`
    const { child, ended } = await waiting('await new Promise(() => {})', end)
    const timer = setInterval(() => child.kill('SIGINT'), 100)
    assert.deepEqual(await ended, { code: 1, stdout: 'here\nending\n', stderr: '' })
    clearInterval(timer)
  })

  it('survives a reader that has gone away', async () => {
    const { child, ended } = await waiting(`
      await new Promise((resolve) => clock.at(clock.now() + 50, resolve))
      for (let i = 0; i < 100; i++) console.log('to nobody')`)
    child.stdout!.destroy()
    assert.equal((await ended).code, 0)
  })

  it('survives an input that is closed', async () => {
    const { child, ended } = begin(`const got = await console.read(); console.log(String(got.value))`)
    child.stdin!.destroy()
    assert.deepEqual(await ended, { code: 0, stdout: 'eof\n', stderr: '' })
  })
})
