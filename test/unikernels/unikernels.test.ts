/** Every unikernel of the repository on every target, run with `mirage run` and looked at from outside. */
import assert from 'node:assert/strict'
import dgram from 'node:dgram'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { describe, it } from 'node:test'
import { missing } from '../../packages/engine-quickjs/src/files.ts'
import { skipWithout } from '../system.ts'
import { Project, type Running } from './running.ts'

interface Case {
  readonly name: string
  /** The promise that the test's title makes. */
  readonly title: string
  readonly args?: readonly string[]
  /** What it prints, in this order. */
  readonly prints: readonly RegExp[]
  /** What it prints nowhere. */
  readonly never?: RegExp
  readonly during?: (running: Running) => Promise<void>
  /** How it ends: by itself unless it says so. */
  readonly end?: 'interrupt'
  readonly exit?: number
}

const hello = /INF \[hello\] hello\n/
const heads = (name: string): RegExp[] =>
  ['Heads', 'Tails', 'Finished'].map((word) => new RegExp(`INF \\[${name}\\] ${word}\\n`))

const CASES: readonly Case[] = [
  {
    name: 'tutorial/noop',
    title: 'boots and ends',
    prints: [/noop for \w+: dist\/noop\.\w+ /],
    never: /(INF|WRN|ERR) \[/,
  },
  { name: 'tutorial/hello', title: 'says hello four times', prints: [hello, hello, hello, hello] },
  {
    name: 'tutorial/hello-key',
    title: 'says what it was told to say',
    args: ['--hello="Grüß Gott, Welt!"'],
    prints: [/\[hello-key\] Grüß Gott, Welt!\n/, /\[hello-key\] Grüß Gott, Welt!\n/],
    never: /Hello World/,
  },
  {
    name: 'tutorial/hello-key',
    title: 'explains its argument in its help',
    args: ['--', '--help'],
    prints: [/--hello/, /How to say hello/],
    exit: 63,
  },
  {
    name: 'tutorial/hello-key',
    title: 'refuses an argument that it does not know, by name',
    args: ['--', '--helo=x'],
    prints: [/--helo/],
    never: /\n +at /,
    exit: 64,
  },
  {
    name: 'tutorial/app-info',
    title: 'lists the packages of its image',
    prints: [
      /app-info for (unix|spt|virtio), made of:\n/,
      / {2}@mirage\/console [0-9.]+\n/,
      / {2}@mirage\/runtime [0-9.]+\n/,
    ],
    never: /@mirage\/tcp/,
  },
  { name: 'tutorial/heads1', title: 'has heads, then tails, then is finished', prints: heads('heads1') },
  { name: 'tutorial/heads2', title: 'has heads, then tails, then is finished', prints: heads('heads2') },
  {
    name: 'tutorial/timeout1',
    title: 'returns or is cancelled',
    prints: [/\[timeout1\] (Returned "Heads"|Cancelled)\n/],
  },
  {
    name: 'tutorial/timeout2',
    title: 'returns or is cancelled',
    prints: [/\[timeout2\] (Returned "Heads"|Cancelled)\n/],
  },
  {
    name: 'tutorial/echo-server',
    title: 'echoes ten lines',
    prints: [...Array.from({ length: 10 }, () => /\[echo-server\] a+\n/), /\[echo-server\] Finished\n/],
  },
  {
    name: 'device-usage/clock',
    title: 'tells the time until Ctrl-C',
    prints: [/\[speaking clock\] It is 20\d\d-/, /\[speaking clock\] It is 20\d\d-.* on the monotonic clock/],
    end: 'interrupt',
  },
  {
    name: 'device-usage/console',
    title: 'shows hello and world in turn',
    prints: [/\nhello\n/, /world\n/, /hello\n/, /world\n/, /hello\n/, /world\n/, /hello\n/, /world\n/],
  },
  {
    name: 'device-usage/kv-ro',
    title: 'confirms the secret',
    prints: [/INF \[kv-ro\] Contents of extremely secret vital storage confirmed!\n/],
  },
  {
    name: 'device-usage/ping',
    title: 'pings its gateway',
    args: ['--count=2'],
    prints: [
      /\[ping\] 56 bytes from 10\.0\.0\.1: sequence 1, time [0-9.]+ ms\n/,
      /\[ping\] 56 bytes from 10\.0\.0\.1: sequence 2, time [0-9.]+ ms\n/,
      /\[ping\] 2 sent, 2 received\n/,
    ],
  },
  {
    name: 'device-usage/ping',
    title: 'says that nobody answers, and fails',
    args: ['--count=1', '--target=10.0.0.77'],
    prints: [/\[ping\] no answer to sequence 1\n/, /10\.0\.0\.77 does not answer/],
    never: /\n +at /,
    exit: 1,
  },
  {
    name: 'device-usage/network',
    title: 'logs what comes by TCP and UDP to the port it is told',
    // The ports of the configuration are led from elsewhere too: another test may need 8080 of the host.
    args: [
      ...['8080', '8080/udp', '8123', '8123/udp'].map((port) => `--publish=0:${port}`),
      '--',
      '--port=8123',
    ],
    prints: [
      /\[network\] listening on port 8123\n/,
      /connection from .*\n/,
      /read 6 bytes: "hello\\n"\n/,
      /datagram from .*: "by UDP"/,
    ],
    during: talkToNetwork,
    end: 'interrupt',
  },
  {
    name: 'applications/hono',
    title: 'answers, streams, and gives back what it is sent',
    args: ['--publish=0:80'],
    prints: [/\[hono\] listening on port 80\n/],
    during: askHono,
    end: 'interrupt',
  },
]

/** Each target, and why it cannot be tried here, if it cannot. */
const TARGETS: readonly (readonly [name: string, skip: string | false])[] = [
  ['unix', false],
  ['spt', missing('base-spt.elf', 'qjs-compile', 'spt')],
  ['virtio', missing('base-virtio.elf', 'qjs-compile') || skipWithout('qemu-system-x86_64')],
]

describe('unikernels', { concurrency: 3 }, () => {
  const all = TARGETS.flatMap(([target, skip]) => CASES.map((each) => ({ target, skip, each })))
  for (const { target, skip, each } of all) {
    it(`${each.name} ${each.title} (${target})`, { skip }, async () => {
      const project = new Project(each.name)
      await project.configure(`--target=${target}`)
      const running = project.run(...(each.args ?? []))
      try {
        await check(each, running)
      } finally {
        await running.kill()
        project.remove()
      }
    })
  }

  it('kv-ro says that its secret is another, or missing, and fails', async () => {
    const project = new Project('device-usage/kv-ro')
    await project.configure('--kv_ro=direct')
    try {
      fs.writeFileSync(path.join(project.folder, 't/secret'), 'bar\n')
      const wrong = project.run()
      assert.equal(await wrong.ended(), 1)
      assert.match(wrong.output, /not what they were/)
      fs.rmSync(path.join(project.folder, 't/secret'))
      const missing = project.run()
      assert.equal(await missing.ended(), 1)
      assert.match(missing.output, /nothing has the key \/secret/)
    } finally {
      project.remove()
    }
  })

  it('have each a test', () => {
    const folders = fs.globSync('unikernels/*/*/config.ts', {
      cwd: path.resolve(import.meta.dirname, '../..'),
    })
    const names = new Set(folders.map((file) => path.relative('unikernels', path.dirname(file))))
    for (const { name } of CASES) names.delete(name)
    // It has a file of its own.
    assert.deepEqual([...names].sort(), ['applications/static-website'])
  })
})

async function check({ prints, never, during, end, exit = 0 }: Case, running: Running): Promise<void> {
  await during?.(running)
  if (end === 'interrupt') {
    await running.prints(inOrder(prints))
    assert.equal(await running.interrupt(), exit, running.output)
  } else {
    assert.equal(await running.ended(), exit, running.output)
  }
  assert.match(running.output, inOrder(prints))
  if (never !== undefined) assert.doesNotMatch(running.output, never)
}

/** All of `patterns`, one after the other, with anything between. */
function inOrder(patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map((pattern) => `(?:${pattern.source})`).join('[^]*'))
}

async function talkToNetwork(running: Running): Promise<void> {
  await running.prints(/listening on port/)
  const tcp = Number((await running.prints(/tcp 127\.0\.0\.1:(\d+) leads to port 8123/))[1])
  const udp = Number((await running.prints(/udp 127\.0\.0\.1:(\d+) leads to port 8123/))[1])
  await new Promise<void>((resolve, reject) => {
    const socket = net.connect(tcp, '127.0.0.1', () => socket.write('hello\n'))
    socket
      .on('error', reject)
      .on('close', () => resolve())
      .resume()
  })
  const echoed = await new Promise<string>((resolve, reject) => {
    const socket = dgram.createSocket('udp4')
    socket.on('error', reject).on('message', (message) => {
      socket.close()
      resolve(message.toString())
    })
    socket.send('by UDP', udp, '127.0.0.1')
  })
  assert.equal(echoed, 'by UDP')
}

async function askHono(running: Running): Promise<void> {
  await running.prints(/listening on port/)
  const site = (await running.prints(/http:\/\/127\.0\.0\.1:\d+/))[0]
  const page = await fetch(`${site}/`)
  assert.equal(page.headers.get('content-type'), 'text/html; charset=UTF-8')
  assert.match(await page.text(), /<h1>Hello from hono<\/h1>/)
  const asked = await fetch(`${site}/hello/w%C3%B6rld?a=1&b=%26`)
  assert.deepEqual(await asked.json(), { hello: 'wörld', query: { a: '1', b: '&' } })
  const streamed = await fetch(`${site}/count`)
  assert.equal(streamed.headers.get('content-length'), null)
  assert.equal(await streamed.text(), '1\n2\n3\n')
  const body = crypto.getRandomValues(new Uint8Array(60_000))
  const echoed = await fetch(`${site}/echo`, { method: 'POST', body })
  assert.deepEqual(await echoed.bytes(), body)
  const absent = await fetch(`${site}/nowhere`)
  assert.deepEqual([absent.status, await absent.text()], [404, 'nothing here\n'])
}
