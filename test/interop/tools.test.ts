import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import { serve } from '@mirage/http'
import { files } from '@mirage/http/static'
import * as Key from '@mirage/kv/key'
import { memory } from '@mirage/kv/memory'
import { type Stack, connect } from '@mirage/stack'
import { clock } from '@mirage/target-node/clock'
import { connect as connectRandom } from '@mirage/target-node/random'
import { PATIENCE_S } from '../patience.ts'
import { type Program, skipWithout } from '../system.ts'
import { echoOn } from './echo.ts'
import { type LinuxHost, linuxHost, missing } from './linux-host.ts'

const OURS = '10.99.0.2'
const PAGE = '<h1>Hello</h1>\n'
const LARGE = new Uint8Array(10_000_000).map((_, i) => (i * 2_654_435_761) >>> 24)

/** A stack that echoes on port 7, answers names on port 53 and serves a page on port 80. */
async function start(host: LinuxHost): Promise<Stack> {
  const random = connectRandom()
  assert.ok(random.ok)
  const stack = connect(
    { net: host.cable, clock, random: random.value },
    { cidr: { address: ipv4.of(10, 99, 0, 2), prefixLength: 24 } },
  )
  echoOn(stack)
  stack.udp.listen(53, ({ src, payload }) => {
    payload[2]! |= 0x80 // The question as its answer: RFC 1035 §4.1.1, QR.
    stack.udp.write(src, payload, { srcPort: 53 })
  })
  const store = memory({ clock })
  await store.set(Key.parse('index.html'), new TextEncoder().encode(PAGE))
  await store.set(Key.parse('large.bin'), LARGE)
  assert.ok(serve({ tcp: stack.tcp, port: 80, clock, handler: files(store) }).ok)
  return stack
}

describe('what people try a network with', { skip: missing(), concurrency: 4 }, () => {
  let host: LinuxHost
  let stack: Stack
  before(async () => {
    host = await linuxHost({ addresses: ['10.99.0.1/24'], hasOffloads: true })
    stack = await start(host)
  })
  after(() => {
    stack?.disconnect()
    host?.remove()
  })

  const cases: [what: string, program: Program, line: string, answer: RegExp][] = [
    ['is pinged', 'ping', `ping -c 3 -i 0.2 -W 60 ${OURS}`, / 0% packet loss/],
    ['is pinged in 44 fragments', 'ping', `ping -c 3 -i 0.2 -W 60 -s 65000 ${OURS}`, / 0% packet loss/],
    [
      'is where a route ends',
      'traceroute',
      `traceroute -n -q 1 -w 60 -m 3 ${OURS}`,
      /^ 1 {2}10\.99\.0\.2 {2}\S+ ms$/m,
    ],
    ['has an open port', 'nc', `nc -z -v -w 60 ${OURS} 80`, /succeeded/],
    ['has closed ports', 'nc', `nc -z -v -w 60 ${OURS} 9`, /refused/],
    ['echoes by TCP', 'socat', `echo hello | socat -t 60 - TCP:${OURS}:7`, /^hello$/m],
    ['echoes by UDP', 'socat', `echo hello | socat -t 60 - UDP:${OURS}:7,readbytes=6`, /^hello$/m],
    [
      'says that nobody listens to a port of UDP',
      'socat',
      `(echo hello; sleep 0.2; echo again) | socat -t 60 - UDP:${OURS}:9`,
      /refused/,
    ],
    ['answers questions', 'dig', `dig +tries=1 +time=60 @${OURS} mirage.example`, /status: NOERROR/],
    ['serves a page', 'curl', `curl -sS -m 60 http://${OURS}/`, /^<h1>Hello<\/h1>$/m],
  ]
  for (const [what, program, line, answer] of cases)
    it(`${what}: ${line}`, { skip: skipWithout(program) }, async () =>
      assert.match(await host.shell(line), answer),
    )

  it('gives 10 MB unharmed', { skip: skipWithout('curl') }, async () => {
    const sum = (await host.shell(`curl -sS -m ${PATIENCE_S} http://${OURS}/large.bin | sha256sum`)).slice(
      0,
      64,
    )
    assert.equal(sum, createHash('sha256').update(LARGE).digest('hex'))
  })

  it('is what nmap says of a host with one open port', { skip: skipWithout('nmap') }, async () => {
    const seen = await host.shell(`nmap -n -Pn -sV --version-intensity 0 -T4 -p 9,80 ${OURS}`)
    assert.match(seen, /^9\/tcp +closed/m)
    assert.match(seen, /^80\/tcp +open +http/m)
  })
})
