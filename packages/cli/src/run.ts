/**
 * Runs a unikernel in a process of its own, and a gateway for each of its networks in this one.
 *
 * The unikernel's Ethernet is a stream socket, its file descriptor 3 (4 for a second network): each frame is
 * preceded by its length, 4 bytes, big-endian.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import * as module from 'node:module'
import type { Socket } from 'node:net'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import type { RunningGateway } from '@mirage/gateway/node'
import { type Result, err, ok } from '@mirage/result'
import type { Built } from './built.ts'
import { loadNetwork } from './network-bundle.ts'
import type { Failure } from './problem.ts'
import type { Project } from './project.ts'
import type { Terminal } from './terminal.ts'

const FIRST_FD = 3

/** Runs what is built until it ends; gives its exit code. `words` are its arguments. */
export async function run(
  project: Project,
  built: Built,
  publish: readonly string[],
  words: readonly string[],
  terminal: Terminal,
): Promise<Result<number, Failure>> {
  // The unikernel boots while this process loads the gateway.
  const child = start(project, built, words)
  const signals = passSignals(child)
  const exit = ended(child, built.name, signals.passed, terminal)
  const gateways: RunningGateway[] = []
  try {
    for (const [index, name] of built.interfaces.entries()) {
      const { connect } = await loadNetwork(project)
      const stream = child.stdio[FIRST_FD + index] as Socket | undefined
      if (stream === undefined) break
      // Ports lead to the first network: the others have no rules of their own.
      const rules = index === 0 ? publish : []
      const gateway = await connect(stream, { rules, words, group: groupOf(name) }, terminal)
      if (!gateway.ok) {
        child.kill('SIGKILL')
        await exit
        return gateway
      }
      gateways.push(gateway.value)
    }
    const code = await exit
    return typeof code === 'number' ? ok(code) : err(code)
  } finally {
    for (const gateway of gateways) gateway.close()
    signals.forget()
  }
}

/** `admin` of `--admin-interface`: the arguments of its stack have the same in front of their names. */
function groupOf(name: string): string | undefined {
  return /^--(.+)-interface$/.exec(name)?.[1]
}

function start({ folder }: Project, { image, interfaces }: Built, words: readonly string[]): ChildProcess {
  const networkArgs = interfaces.map((name, index) => `${name}=fd:${FIRST_FD + index}`)
  const stdio: StdioOptions = ['inherit', 'inherit', 'inherit', ...interfaces.map(() => 'pipe' as const)]
  const args = ['--enable-source-maps', resolve(folder, image), ...networkArgs, ...words]
  return spawn(process.execPath, args, { cwd: folder, stdio, env: environment() })
}

/** Ours, and where compiled code is kept between runs. */
function environment(): NodeJS.ProcessEnv {
  // Node 20 has no such cache.
  const cache = 'getCompileCacheDir' in module ? module.getCompileCacheDir() : undefined
  return cache === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: cache }
}

/**
 * The exit code of `child`: as shells have it, 128 and the number of the signal that ended it. One that was asked to
 * end before it could listen to signals has ended in order.
 */
function ended(
  child: ChildProcess,
  name: string,
  passed: ReadonlySet<NodeJS.Signals>,
  { complain }: Terminal,
): Promise<number | Failure> {
  return new Promise((settle) => {
    child.once('error', ({ message }) => {
      settle({ code: 123, problems: [{ message: `the unikernel cannot be started: ${message}` }] })
    })
    child.once('exit', (code, signal) => {
      if (signal === null || passed.has(signal)) return settle(code ?? 0)
      if (!child.killed) complain([{ message: `${name} was ended by ${signal}` }])
      settle(128 + constants.signals[signal])
    })
  })
}

/**
 * Passes what ends a program on to `child`, until `forget` is called; `passed` are the signals so far. Of a Ctrl-C it
 * hears from the terminal as well; it takes the two for one.
 */
function passSignals(child: ChildProcess): { passed: ReadonlySet<NodeJS.Signals>; forget: () => void } {
  const passed = new Set<NodeJS.Signals>()
  const pass = (signal: NodeJS.Signals): void => {
    passed.add(signal)
    child.kill(signal)
  }
  const leave = (): void => void child.kill('SIGKILL')
  process.on('SIGINT', pass)
  process.on('SIGTERM', pass)
  process.on('exit', leave)
  const forget = (): void => {
    process.off('SIGINT', pass)
    process.off('SIGTERM', pass)
    process.off('exit', leave)
  }
  return { passed, forget }
}
