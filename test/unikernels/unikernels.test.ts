/** Every unikernel of the repository on every target, run with `mirage run` and looked at from outside. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import dgram from 'node:dgram'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { missing } from '../../packages/engine-quickjs/src/files.ts'
import { freePort } from '../../packages/target-node/src/testing/free-port.ts'
import { Child } from '../child.ts'
import { PATIENCE_MS, until } from '../patience.ts'
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
  readonly during?: (running: Running, port: number) => Promise<void>
  /** Runs first, with a port that is free for TCP and UDP: `IPERF` in the arguments. What it gives is ended last. */
  readonly before?: (port: number) => Promise<() => void>
  readonly skip?: string | false
  /** How it ends: by itself unless it says so. */
  readonly end?: 'interrupt'
  readonly exit?: number
}

const hello = /INF \[hello\] hello\n/
const heads = (name: string): RegExp[] =>
  ['Heads', 'Tails', 'Finished'].map((word) => new RegExp(`INF \\[${name}\\] ${word}\\n`))

/** The ports of its configuration from elsewhere: another test may need them. */
const UNPUBLISHED = ['--publish=0:5201', '--publish=0:5201/udp']

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
    args: ['--count=2', '--wait=60'],
    prints: [
      /\[ping\] 56 bytes from 10\.0\.0\.1: sequence 1, time [0-9.]+ ms\n/,
      /\[ping\] 56 bytes from 10\.0\.0\.1: sequence 2, time [0-9.]+ ms\n/,
      /\[ping\] 2 sent, 2 received, 0% lost\n/,
      /\[ping\] round trip min\/avg\/max\/mdev = ([0-9.]+\/){3}[0-9.]+ ms\n/,
    ],
  },
  {
    name: 'device-usage/ping',
    title: 'sends more than one packet carries, as often and as fast as it is told',
    args: ['--count=3', '--interval=0.05', '--wait=60', '--size=4000'],
    prints: [/\[ping\] 4000 bytes from 10\.0\.0\.1: sequence 1, /, /\[ping\] 3 sent, 3 received, 0% lost\n/],
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
    name: 'device-usage/traceroute',
    title: 'says that nobody on the way answers, and fails',
    // The way out of `mirage run` is no router: it leads into sockets of the host, which have hops of their own.
    args: ['--target=192.0.2.1', '--hops=2', '--wait=0.2'],
    prints: [/\[traceroute\] to 192\.0\.2\.1: 2 hops at most/, / 1 {2}\*/, /192\.0\.2\.1 does not answer/],
    never: /\n +at /,
    exit: 1,
  },
  {
    name: 'device-usage/iperf',
    title: 'is a server for the stock client',
    skip: skipWithout('iperf3'),
    args: ['--publish=IPERF:5201', '--publish=IPERF:5201/udp'],
    prints: [
      /\[iperf\] listening on port 5201\n/,
      /accepted a test from 10\.0\.0\.1:\d+\n/,
      /\[iperf\] \[ {2}1\] {3}0\.00-.* received\n/,
    ],
    during: measure,
    end: 'interrupt',
  },
  {
    name: 'device-usage/iperf',
    title: 'is a client of the stock server',
    skip: skipWithout('iperf3'),
    args: [...UNPUBLISHED, '--', '--client=10.0.0.1', '--port=IPERF', '--bytes=5M', '--parallel=2'],
    prints: [/connected to 10\.0\.0\.1:\d+\n/, /\[SUM\] {3}0\.00-.* sent\n/, / received\n/],
    before: stockServer,
  },
  {
    name: 'device-usage/iperf',
    title: 'says that there is no server, and fails',
    args: [...UNPUBLISHED, '--', '--client=10.0.0.1', '--port=1'],
    prints: [/no connection to 10\.0\.0\.1:1: refused/],
    never: /\n +at /,
    exit: 1,
  },
  {
    name: 'applications/router',
    title: 'leads its inside outside',
    args: ['--', '--inside-ipv4=192.168.1.1/24', '--forward=tcp:8080:192.168.1.5:80'],
    prints: [/\[router\] leads 192\.168\.1\.1\/24 outside, behind 10\.0\.0\.2\n/],
    end: 'interrupt',
  },
  {
    name: 'applications/router',
    title: 'refuses to lead from a network to itself',
    args: ['--', '--inside-ipv4=10.0.0.7/24'],
    prints: [/inside and outside are one network, 10\.0\.0\.7\/24: say another with --inside-ipv4/],
    exit: 1,
  },
  {
    name: 'applications/firewall',
    title: 'stands between its networks, with rules in words',
    args: ['--', '--inside-ipv4=192.168.1.1/24', '--rule="allow in tcp to 192.168.1.5 port 80"'],
    prints: [
      /\[firewall\] stands between 192\.168\.1\.1\/24 and 10\.0\.0\.2\/24, with 1 rules\n/,
      /allow in tcp to 192\.168\.1\.5\/32 port 80\n/,
    ],
    end: 'interrupt',
  },
  {
    name: 'applications/firewall',
    title: 'refuses a rule that makes no sense, by its words',
    args: ['--', '--rule="let me in"'],
    prints: [/let me in/, /a rule such as/],
    never: /\n +at /,
    exit: 64,
  },
  {
    name: 'device-usage/echo',
    title: 'sends back what comes, and answers names with who asks',
    args: ['--publish=0:7', '--publish=0:7/udp', '--publish=0:53/udp'],
    prints: [/\[echo\] echoes on port 7, answers names on port 53\n/],
    during: askEcho,
    end: 'interrupt',
  },
  {
    name: 'device-usage/metrics',
    title: 'tells what its network carried',
    args: ['--publish=0:9100'],
    prints: [/\[metrics\] listening on port 9100\n/],
    during: askMetrics,
    end: 'interrupt',
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
    name: 'applications/dhcp-server',
    title: 'leases addresses of the network that it is in',
    args: ['--', '--ipv4=10.0.0.53/24', '--range=10.0.0.100-10.0.0.199', '--lease-time=60'],
    prints: [
      /\[stack\] address 10\.0\.0\.53\/24\n/,
      /\[dhcp-server\] leases 10\.0\.0\.100-10\.0\.0\.199 for 60 s\n/,
    ],
    end: 'interrupt',
  },
  {
    name: 'applications/dhcp-server',
    title: 'refuses addresses of another network, and fails',
    args: ['--', '--ipv4=10.0.0.53/24', '--range=10.0.9.100-10.0.9.199'],
    prints: [/10\.0\.9\.100 is not in the network of 10\.0\.0\.53\/24/],
    never: /\n +at /,
    exit: 1,
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
    it(`${each.name} ${each.title} (${target})`, { skip: skip || (each.skip ?? false) }, async () => {
      const project = new Project(each.name)
      await project.configure(`--target=${target}`)
      const port = await freePort()
      const end = await each.before?.(port)
      const running = project.run(...(each.args ?? []).map((word) => word.replace('IPERF', String(port))))
      try {
        await check(each, running, port)
      } finally {
        await running.kill()
        end?.()
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

async function check(each: Case, running: Running, port: number): Promise<void> {
  const { prints, never, during, end, exit = 0 } = each
  await during?.(running, port)
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
  const echoed = (await ask(udp, Buffer.from('by UDP'))).toString()
  assert.equal(echoed, 'by UDP')
}

/** Tests of the stock client, by TCP and UDP, in both directions; it checks what it is told itself. */
async function measure(running: Running, port: number): Promise<void> {
  await running.prints(/listening on port/)
  for (const [least, ...words] of [
    [200_000, '-n', '2M'],
    [200_000, '-n', '2M', '-R', '-P', '2'],
    // No more than the socket of the gateway holds, which may have no processor while they come.
    [80_000, '-u', '-b', '2M', '-n', '80K', '-l', '1400'],
  ] as const) {
    let stdout = ''
    // It may not have heard yet that the test before is over.
    await until(
      () => `a server that is not busy: ${stdout}`,
      async () => {
        const command = ['-c', '127.0.0.1', '-p', String(port), '-J', ...words]
        stdout = (await promisify(execFile)('iperf3', command, { timeout: PATIENCE_MS })).stdout
        return !stdout.includes('the server is busy')
      },
    )
    const { end } = JSON.parse(stdout) as { end: Record<string, { bytes: number; lost_percent?: number }> }
    const carried = end['sum_received'] ?? end['sum']
    assert.ok(
      carried !== undefined && carried.bytes >= least,
      `${words.join(' ')}: ${stdout}${running.output}`,
    )
  }
}

/** The stock server on the host, for one test. */
async function stockServer(port: number): Promise<() => void> {
  const words = ['-s', '-1', '-B', '127.0.0.1', '-p', String(port), '--forceflush']
  const server = new Child(spawn('iperf3', words))
  await server.prints(/listening/)
  return () => server.process.kill()
}

async function askEcho(running: Running): Promise<void> {
  await running.prints(/echoes on port/)
  const portOf = async (name: string): Promise<number> =>
    Number(
      (
        await running.prints(
          new RegExp(`${name.split(' ')[0]} 127\\.0\\.0\\.1:(\\d+) leads to port ${name.split(' ')[1]}\\n`),
        )
      )[1],
    )
  const [tcp, udp, dns] = await Promise.all(['tcp 7', 'udp 7', 'udp 53'].map(portOf))
  const flow = net.connect(tcp!, '127.0.0.1')
  flow.end('by TCP')
  assert.equal(Buffer.concat(await flow.toArray()).toString(), 'by TCP')
  assert.equal((await ask(udp!, Buffer.from('by UDP'))).toString(), 'by UDP')
  const question = Buffer.from(
    '12340100000100000000000006' + Buffer.from('whoami').toString('hex') + '0000010001',
    'hex',
  )
  assert.deepEqual([...(await ask(dns!, question))].slice(-4), [10, 0, 0, 1])
}

/** What comes back from a UDP port of the host. */
function ask(port: number, datagram: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket('udp4')
    socket.on('error', reject).on('message', (message) => {
      socket.close()
      resolve(message)
    })
    socket.send(datagram, port, '127.0.0.1')
  })
}

async function askMetrics(running: Running): Promise<void> {
  await running.prints(/listening on port/)
  const place = (await running.prints(/tcp (127\.0\.0\.1:\d+) leads to port 9100/))[1]
  assert.match(await (await fetch(`http://${place}/metrics`)).text(), /^mirage_net_frames_total\{.*\} [1-9]/m)
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
