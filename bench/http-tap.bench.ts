/**
 * HTTP over TAP: our server and stack in one thread, wrk with a kernel at the other end. Beside node:http on the
 * loopback; and beside a program in C without a stack, which shows what the device, wrk and its kernel allow.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Server, serve, text } from '@mirage/http'
import { type Result, err, ok } from '@mirage/result'
import { clock } from '@mirage/target-node/clock'
import type { Bench, Reference } from './bench.ts'
import { InC, THEIRS } from './in-c.ts'
import { OURS, type OnTap, keep, onTap, remove } from './on-tap.ts'

const run = promisify(execFile)
const SECONDS = 2
const PIPELINED = 16

const folder = mkdtempSync(join(tmpdir(), 'mirage-bench-'))
const script = join(folder, 'pipeline.lua')
writeFileSync(
  script,
  `init = function(args)
     local requests = {}
     for i = 1, ${PIPELINED} do requests[i] = wrk.format("GET", "/") end
     all = table.concat(requests)
   end
   request = function() return all end`,
)

const reference = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-length': 12 })
  response.end('hello world\n')
})
await new Promise<void>((resolve) => reference.listen(0, '127.0.0.1', resolve))
const { port } = reference.address() as AddressInfo

let rig: (OnTap & { readonly server: Server }) | undefined

async function ours(): Promise<OnTap> {
  if (rig !== undefined) return rig
  const made = await onTap(true)
  const hello = text(200, 'hello world\n')
  const server = serve({ tcp: made.stack.tcp, port: 80, clock, handler: () => hello })
  if (!server.ok) throw new Error(server.error)
  rig = { ...made, server: server.value }
  return rig
}

function asking(url: string, isPipelined: boolean): readonly string[] {
  return ['-t1', '-c64', `-d${SECONDS}s`, ...(isPipelined ? ['-s', script] : []), url]
}

function rateOf(output: string): Result<number, string> {
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(output)
  return rate === null ? err(`wrk said: ${output}`) : ok(Number(rate[1]))
}

function nodeHttp(isPipelined: boolean): Reference {
  return {
    what: "the same from node:http over the kernel's loopback",
    measure: async () => rateOf((await run('wrk', asking(`http://127.0.0.1:${port}/`, isPipelined))).stdout),
  }
}

let program: InC | undefined

const inC: Reference = {
  what: 'a program in C on a TAP that answers every segment by the same page',
  async measure() {
    program ??= keep(new InC('hello'))
    return rateOf(await program.run('wrk', ...asking(`http://${THEIRS}/`, false)))
  },
}

function bench(isPipelined: boolean, reference: Reference, atLeast: number): Bench {
  const how = isPipelined ? `, ${PIPELINED} requests at a time` : ''
  return {
    what: `hello world over TAP, wrk with 64 connections${how}`,
    unit: 'requests/s',
    runs: 7,
    async measure() {
      const { host } = await ours()
      const rate = rateOf(await host.run('wrk', ...asking(`http://${OURS}/`, isPipelined)))
      if (!rate.ok) throw new Error(rate.error)
      return rate.value
    },
    reference,
    target: { atLeast },
    ...(isPipelined ? { stop: end } : {}),
  }
}

async function end(): Promise<void> {
  reference.closeAllConnections()
  reference.close()
  rmSync(folder, { recursive: true })
  rig?.stack.disconnect()
  for (const each of [rig?.host, program]) if (each !== undefined) remove(each)
}

const benches: readonly Bench[] = [
  bench(false, nodeHttp(false), 3.5),
  bench(false, inC, 0.8),
  bench(true, nodeHttp(true), 10),
]

export default benches
