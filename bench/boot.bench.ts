/** From spawning `mirage run` of a built unikernel to the first byte of the response to a request. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { freePort } from '../packages/target-node/src/testing/free-port.ts'
import { Project } from '../test/unikernels/running.ts'
import { type Bench, always } from './bench.ts'

const RUNS = 15
/** Until there is somebody to connect to. */
const RETRY_MS = 2
const TOOL = fileURLToPath(new URL('../packages/cli/src/bin.js', import.meta.url))
const REQUEST = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'

const port = await freePort()
const project = new Project('applications/static-website')
await project.configure()
const built = spawnSync(process.execPath, [TOOL, 'build', '-q'], { cwd: project.folder })
if (built.status !== 0) throw new Error(built.stderr.toString())

const bench: Bench = {
  what: 'from spawning mirage run of a built website to the first byte of a page: two processes and a network',
  unit: 'ms',
  runs: RUNS,
  measure: () => firstByte([TOOL, 'run', '-q', '--publish', `${port}:80`]),
  reference: {
    what: 'the same of node:http and a page in a variable, one process',
    measure: always(() =>
      firstByte(['-e', `require('http').createServer((_, r) => r.end('<p>')).listen(${port}, '127.0.0.1')`]),
    ),
  },
  target: { atMost: 150, of: 'number' },
  stop: async () => project.remove(),
}

export default bench

/** Milliseconds from spawning Node with `args` to the first byte that it serves. */
async function firstByte(args: readonly string[]): Promise<number> {
  const start = performance.now()
  const child = spawn(process.execPath, args, { cwd: project.folder, stdio: 'ignore' })
  while (!(await isServed(child))) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  const duration = performance.now() - start
  child.kill('SIGTERM')
  await once(child, 'exit')
  return duration
}

/** Whether a request is answered. A published port takes it before the unikernel can, and lets it wait. */
function isServed(child: ChildProcess): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(REQUEST))
    socket.once('data', () => {
      resolve(true)
      socket.destroy()
    })
    socket.once('error', () => {})
    socket.once('close', () => resolve(false))
  })
}
