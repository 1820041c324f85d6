/** Requests for a page of a static site, in memory: client, both stacks, server and store in one thread. */
import * as Key from '@mirage/kv/key'
import { memory } from '@mirage/kv/memory'
import { serve } from '@mirage/http'
import { files } from '@mirage/http/static'
import { clock } from '@mirage/target-node/clock'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Asking } from './asking.ts'
import { type Bench, always } from './bench.ts'
import { CLIENT, load, sizeOf } from './load.ts'
import { connected, twoStacks } from './two-stacks.ts'

const CONNECTIONS = 64
const COUNT = 200_000
const REFERENCE_SECONDS = 2
const PORT = 80
const PAGE = new TextEncoder().encode('<p>A page of one kilobyte.</p>'.padEnd(1023, ' ') + '\n')
const REQUEST = new TextEncoder().encode('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')

const stacks = twoStacks()
const store = memory({ clock })
await store.set(Key.parse('index.html'), PAGE)
const server = serve({ tcp: stacks.server.tcp, port: PORT, clock, handler: files(store) })
if (!server.ok) throw new Error(server.error)

// The same fields as ours, and node:http adds what it always adds.
const reference = createServer((_, response) => {
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'last-modified': new Date(0).toUTCString(),
    etag: '"0123456789abcdef0123456789abcdef"',
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    'content-length': PAGE.length,
  })
  response.end(PAGE)
})
await new Promise<void>((resolve) => reference.listen(0, '127.0.0.1', resolve))
const { port } = reference.address() as AddressInfo

const flows = await Promise.all(Array.from({ length: CONNECTIONS }, () => connected(stacks, PORT)))
const asking = new Asking(flows, REQUEST, (first) => sizeOf(new TextDecoder('latin1').decode(first)))

const bench: Bench = {
  what: `a page of 1 KiB from a store over two stacks in memory, ${CONNECTIONS} connections, one thread for all of it`,
  unit: 'requests/s',
  measure,
  reference: {
    what: `the same page from node:http over the kernel's loopback, ${CONNECTIONS} connections of ${CLIENT}`,
    measure: always(() => load(port, CONNECTIONS, REFERENCE_SECONDS)),
  },
  target: { atLeast: 5 },
  stop: async () => {
    for (const flow of flows) flow.close()
    await server.value.close()
    stacks.client.disconnect()
    stacks.server.disconnect()
    reference.closeAllConnections()
    reference.close()
  },
}

export default bench

async function measure(): Promise<number> {
  const start = performance.now()
  await asking.ask(COUNT)
  return (COUNT * 1000) / (performance.now() - start)
}
