/** The website as a unikernel: what curl, browsers, the impatient and the malicious get from it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { skipWithout } from '../system.ts'
import { Project, type Running } from './running.ts'

const HTDOCS = path.resolve(import.meta.dirname, '../../unikernels/applications/static-website/htdocs')
const SKIP = skipWithout('curl')

/** The website on a port of its own: `curl` and `url` are ready once `start` resolves. */
class Site {
  readonly project: Project = new Project('applications/static-website')
  running: Running | undefined
  port = 0

  async start(...options: readonly string[]): Promise<void> {
    await this.project.configure(...options)
    this.running = this.project.runProbed('--publish=0:80')
    this.port = Number((await this.running.prints(/127\.0\.0\.1:(\d+)/))[1])
    await this.running.prints(/listening on port 80/)
  }

  async stop(): Promise<void> {
    await this.running?.kill()
    this.project.remove()
  }

  /** A file for bodies that nobody looks at. */
  get body(): string {
    return path.join(this.project.folder, 'body')
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`
  }

  async curl(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('curl', ['-s', '--max-time', '60', ...args], {
      maxBuffer: 2 ** 26,
    })
    return stdout
  }

  /** The status and the head's fields, by their lower-case names. */
  async head(
    path: string,
    ...args: readonly string[]
  ): Promise<{ status: number; fields: Map<string, string> }> {
    const [line = '', ...rest] = (await this.curl('-D', '-', '-o', this.body, ...args, this.url(path))).split(
      '\r\n',
    )
    const fields = rest
      .filter((each) => each.includes(': '))
      .map((each) => each.split(': ') as [string, string])
    return {
      status: Number(line.split(' ')[1]),
      fields: new Map(fields.map(([name, value]) => [name.toLowerCase(), value])),
    }
  }
}

describe('the website from its image', { skip: SKIP }, () => {
  const site = new Site()
  before(() => site.start())
  after(() => site.stop())

  it('is the page, with a correct head', async () => {
    const { status, fields } = await site.head('/')
    const page = fs.readFileSync(path.join(HTDOCS, 'index.html'))
    assert.equal(status, 200)
    assert.equal(fields.get('content-type'), 'text/html; charset=utf-8')
    assert.equal(fields.get('content-length'), String(page.length))
    assert.equal(fields.get('accept-ranges'), 'bytes')
    assert.match(fields.get('etag') ?? '', /^"[0-9a-f]{32}"$/)
    for (const name of ['date', 'last-modified'])
      assert.match(fields.get(name) ?? '', /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)
    assert.equal(await site.curl(site.url('/')), page.toString())
  })

  it('has a page wherever its pages point, and nothing from elsewhere', async () => {
    const seen = new Set<string>()
    const open = ['/']
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      if (seen.has(path)) continue
      seen.add(path)
      assert.equal((await site.head(path)).status, 200, path)
      const text = await site.curl(site.url(path))
      for (const [, link = ''] of text.matchAll(/(?:href|src)="([^"]*)"|url\((?!#)([^)]*)\)/g)) {
        assert.match(link, /^\//, `a link of ${path}`)
        open.push(link)
      }
    }
    assert.deepEqual([...seen].sort(), ['/', '/favicon.svg', '/how/', '/style.css', '/try/'])
  })

  it('sends the head alone for HEAD', async () => {
    const get = await site.head('/style.css')
    const head = await site.head('/style.css', '--head')
    assert.equal(head.fields.get('content-type'), 'text/css; charset=utf-8')
    for (const name of ['content-length', 'etag', 'last-modified'])
      assert.equal(head.fields.get(name), get.fields.get(name))
    assert.equal(
      await site.curl('--head', '-o', site.body, '-w', '%{size_download}', site.url('/style.css')),
      '0',
    )
  })

  it('does not send again what the client has', async () => {
    const { fields } = await site.head('/')
    const etag = await site.head('/', '-H', `If-None-Match: ${fields.get('etag')}`)
    assert.equal(etag.status, 304)
    const date = await site.head('/', '-H', `If-Modified-Since: ${fields.get('last-modified')}`)
    assert.equal(date.status, 304)
    assert.equal((await site.head('/', '-H', 'If-None-Match: "another"')).status, 200)
  })

  it('sends the part that is asked for', async () => {
    const css = fs.readFileSync(path.join(HTDOCS, 'style.css'), 'utf8')
    assert.equal(await site.curl('-r', '10-29', site.url('/style.css')), css.slice(10, 30))
    const { status, fields } = await site.head('/style.css', '-r', '10-29')
    assert.equal(status, 206)
    assert.equal(fields.get('content-range'), `bytes 10-29/${Buffer.byteLength(css)}`)
  })

  it('leads from a folder without its slash to the one with it', async () => {
    const { status, fields } = await site.head('/how')
    assert.equal(status, 301)
    assert.equal(fields.get('location'), '/how/')
  })

  it('has a page of its own for what is not there', async () => {
    assert.equal((await site.head('/nothing')).status, 404)
    assert.equal(
      await site.curl(site.url('/nothing')),
      fs.readFileSync(path.join(HTDOCS, '404.html'), 'utf8'),
    )
  })

  for (const target of [
    '/../config.ts',
    '/%2e%2e/config.ts',
    '/how/..%2f..%2fconfig.ts',
    '//etc/passwd',
    '/..%5cconfig.ts',
    '/%00',
  ]) {
    it(`gives nothing away for ${target}`, async () => {
      const { status } = await site.head(target, '--path-as-is')
      assert.ok(status === 400 || status === 404, String(status))
    })
  }

  it('ends at Ctrl-C, while a client is connected', async () => {
    const client = net.connect(site.port, '127.0.0.1')
    client.on('error', () => {})
    await new Promise((resolve) => client.on('connect', resolve))
    assert.equal(await site.running?.interrupt(), 0)
    client.destroy()
  })
})

const BIG_SIZE = 100_000_000

describe('the website from a folder of the host', { skip: SKIP }, () => {
  const site = new Site()
  let sha256 = ''

  before(async () => {
    const htdocs = path.join(site.project.folder, 'htdocs')
    const big = fs.openSync(path.join(htdocs, 'big.bin'), 'w')
    const hash = createHash('sha256')
    for (let size = 0; size < BIG_SIZE; size += 1_000_000) {
      const piece = randomBytes(1_000_000)
      fs.writeSync(big, piece)
      hash.update(piece)
    }
    fs.closeSync(big)
    sha256 = hash.digest('hex')
    fs.mkdirSync(path.join(htdocs, 'small'))
    for (let i = 0; i < 1000; i++) fs.writeFileSync(path.join(htdocs, 'small', `${i}.txt`), small(i))
    await site.start('--kv_ro=direct')
  })
  after(() => site.stop())

  it('gives 100 MB unharmed, while 50 others fetch the index', async () => {
    assert.ok(site.running !== undefined)
    const downloading = { isOver: false }
    const index = fs.readFileSync(path.join(HTDOCS, 'index.html'), 'utf8')
    let fetched = 0
    const others = Array.from({ length: 50 }, async () => {
      while (!downloading.isOver) {
        assert.equal(await fetchText(site.url('/')), index)
        fetched++
      }
    })
    try {
      const received = download(site.url('/big.bin'))
      // In the middle of it: the file is nowhere held whole.
      assert.ok((await site.running.memory()) < BIG_SIZE / 2)
      assert.equal(await received, sha256)
    } finally {
      downloading.isOver = true
    }
    await Promise.all(others)
    assert.ok(fetched >= 50, `${fetched} others were served`)
  })

  it('gives 1,000 small files over one connection', async () => {
    const list = path.join(site.project.folder, 'urls')
    const lines = Array.from({ length: 1000 }, (_, i) => `url = "${site.url(`/small/${i}.txt`)}"`)
    fs.writeFileSync(list, lines.join('\n'))
    const text = await site.curl('-K', list, '-w', '(%{num_connects})')
    const whole = Array.from({ length: 1000 }, (_, i) => `${small(i)}(${i === 0 ? 1 : 0})`)
    assert.equal(text, whole.join(''))
  })

  it('serves the others while some stall, some reset, some send rubbish; and its memory returns', async () => {
    assert.ok(site.running !== undefined)
    const sizes: number[] = []
    const begun = performance.now()
    for (let i = 0; i < 20; i++) await fetchText(site.url('/'))
    // On a machine where twenty pages take their time without anybody else, they may take more.
    const most = Math.max(5000, 20 * (performance.now() - begun))
    for (let round = 0; round < 5; round++) {
      const villains = [
        ...crowd(site.port, 40, stall),
        ...crowd(site.port, 40, reset),
        ...crowd(site.port, 40, rubbish),
        ...crowd(site.port, 20, deaf),
      ]
      await Promise.all(villains.map(({ isAtWork }) => isAtWork))
      const begun = performance.now()
      for (let i = 0; i < 20; i++) assert.match(await fetchText(site.url('/')), /<h1>/)
      assert.ok(performance.now() - begun < most, `twenty pages take less than ${most} ms`)
      for (const { socket } of villains) socket.destroy()
      for (let i = 0; i < 20; i++) await fetchText(site.url('/'))
      sizes.push(await site.running.memory())
    }
    // What the first round left behind stays: buffers that are used again.
    const [first = 0] = sizes
    // The last villains may not be forgotten yet when they have just gone. What leaks never returns.
    for (let second = 0; second < 60 && sizes.at(-1)! - first >= 4_000_000; second++) {
      await new Promise((resolve) => setTimeout(resolve, 1000))
      sizes.push(await site.running.memory())
    }
    assert.ok(sizes.at(-1)! - first < 4_000_000, `bytes after each round: ${sizes.join(', ')}`)
    assert.equal(await download(site.url('/big.bin')), sha256)
  })
})

function small(index: number): string {
  return `file number ${index}\n`.repeat((index % 7) + 1)
}

/** A client that does no good. It is at work once it did its worst. */
interface Villain {
  readonly socket: net.Socket
  readonly isAtWork: Promise<void>
}

function crowd(
  port: number,
  count: number,
  behave: (socket: net.Socket, atWork: () => void) => void,
): Villain[] {
  return Array.from({ length: count }, () => {
    const socket = net.connect(port, '127.0.0.1')
    const isAtWork = new Promise<void>((resolve) => {
      socket.on('connect', () => behave(socket, resolve))
      socket.on('error', () => resolve()).on('close', () => resolve())
    })
    return { socket, isAtWork }
  })
}

/** Begins a request and says no more. */
function stall(socket: net.Socket, atWork: () => void): void {
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ', atWork)
}

/** Asks for much and resets in the middle of it. */
function reset(socket: net.Socket, atWork: () => void): void {
  socket.write('GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n')
  socket.once('data', () => {
    socket.resetAndDestroy()
    atWork()
  })
}

function rubbish(socket: net.Socket, atWork: () => void): void {
  socket.on('data', () => {})
  socket.write(randomBytes(100_000), () => atWork())
}

/** Asks for much and reads nothing of it. */
function deaf(socket: net.Socket, atWork: () => void): void {
  socket.pause()
  socket.write('GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n', atWork)
}

function get(url: string): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    http.get(url, { agent: false }, resolve).on('error', reject)
  })
}

async function fetchText(url: string): Promise<string> {
  let text = ''
  for await (const chunk of await get(url)) text += String(chunk)
  return text
}

/** The SHA-256 of what is at `url`. */
async function download(url: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of await get(url)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
