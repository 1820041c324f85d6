import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Ipv4, of } from '@mirage/address/ipv4'
import { type Stack, connect } from '@mirage/stack'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { connect as connectRandom } from '@mirage/target-node/random'
import { Namespace } from '../namespace.ts'
import { PATIENCE_MS } from '../patience.ts'
import { goOn } from './lent.ts'
import { type LinuxHost, linuxHost, missing } from './linux-host.ts'

const FAR = of(10, 96, 2, 2)
const LENGTH = 5_000_000
/** Counts what it is sent, and says how much that was at the end. */
const SINK = `require('net').createServer({ allowHalfOpen: true }, (s) => {
  let count = 0
  s.on('data', (d) => (count += d.length)).on('end', () => s.end(String(count)))
}).listen(9000, () => console.log('ready'))`

/** A kernel that routes between the cable of `router` and a host of its own to which it forwards packets of `mtu` bytes at most. */
interface Site {
  readonly router: LinuxHost
  readonly stack: Stack
  /** That of the stack, which stands still while this process waits for a processor. */
  readonly clock: ManualClock
  remove(): void
}

async function site(mtu: number): Promise<Site> {
  const router = await linuxHost({ addresses: ['10.96.1.1/24'], settings: { 'ipv4/ip_forward': '1' } })
  const far = await Namespace.create()
  const [near, end] = ['link0', 'link1']
  router.namespace.call('ip', 'link', 'add', near, 'type', 'veth', 'peer', 'name', end, 'netns', far.name)
  for (const [namespace, name, address] of [
    [router.namespace, near, '10.96.2.1/24'],
    [far, end, '10.96.2.2/24'],
  ] as const) {
    namespace.call('ip', 'link', 'set', name, 'up')
    namespace.call('ip', 'addr', 'add', address, 'dev', name)
    await namespace.patience(name)
  }
  // Narrow one way, so that the far host does not tell by its MSS.
  const route = ['10.96.2.0/24', 'dev', near, 'mtu', 'lock', String(mtu)]
  router.namespace.call('ip', 'route', 'change', ...route)
  far.call('ip', 'route', 'add', 'default', 'via', '10.96.2.1')
  const sink = far.spawn(process.execPath, ['-e', SINK], { stdio: ['ignore', 'pipe', 'inherit'] })
  await sink.prints(/^ready$/m)
  const random = connectRandom()
  assert.ok(random.ok)
  const cidr = { address: of(10, 96, 1, 2), prefixLength: 24 }
  const clock = manual()
  const standStill = goOn(clock)
  const stack = connect(
    { net: router.cable, clock, random: random.value },
    { cidr, gateway: of(10, 96, 1, 1) },
  )
  const remove = (): void => {
    stack.disconnect()
    standStill()
    far.remove()
    router.remove()
  }
  return { router, stack, clock, remove }
}

/** Sends `LENGTH` bytes to the far host, and resolves with how many it says have arrived. */
async function upload({ tcp }: Stack): Promise<number> {
  const opened = await tcp.connect({ address: FAR, port: 9000 })
  assert.ok(opened.ok)
  const flow = opened.value
  assert.ok((await flow.write(new Uint8Array(LENGTH))).ok)
  flow.shutdown()
  let text = ''
  for (;;) {
    const read = await flow.read()
    assert.ok(read.ok)
    if (read.value === 'eof') break
    text += String.fromCharCode(...read.value)
  }
  flow.close()
  return Number(text)
}

/** Echoes `length` bytes from the far host. True if they come back. */
function echoes({ icmp }: Stack, id: number, dst: Ipv4, length: number): Promise<boolean> {
  return new Promise((resolve) => {
    icmp.onReply((reply) => {
      if (reply.id === id)
        resolve(reply.payload.length === length && reply.payload.every((byte) => byte === id))
    })
    icmp.echo(dst, { id, sequence: 1, payload: new Uint8Array(length).fill(id) })
    setTimeout(() => resolve(false), PATIENCE_MS).unref()
  })
}

for (const mtu of [1300, 576, 400]) {
  describe(`a path through a kernel with a link of ${mtu} bytes`, { skip: missing() }, () => {
    let made: Site
    before(async () => {
      made = await site(mtu)
    })
    after(() => made?.remove())

    it('carries a stream without a pause', async () => {
      const start = made.clock.now()
      assert.equal(await upload(made.stack), LENGTH)
      const elapsed = made.clock.now() - start
      assert.ok(elapsed < 10_000, `${elapsed} ms`)
      // Nobody is believed below 552: segments of that size are cut by the kernel.
      assert.equal(made.stack.ip.mtu(FAR), Math.max(mtu, 552) - 20)
    })

    it('carries echoes of 65,000 bytes there and back', async () => {
      assert.ok(await echoes(made.stack, 7, FAR, 65_000))
      assert.ok(await echoes(made.stack, 8, of(10, 96, 1, 1), 65_000))
    })
  })
}
