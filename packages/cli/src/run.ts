/**
 * Runs a unikernel in a process of its own, and a gateway for each of its networks in this one.
 *
 * The unikernel's Ethernet is a stream socket, its file descriptor 3 (4 for a second network): each frame is
 * preceded by its length, 4 bytes, big-endian. Or it is a TAP device, and there are no gateways.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import type { RunningGateway } from '@mirage/gateway/node'
import { type Result, err, ok } from '@mirage/result'
import type { Built } from './built.ts'
import { ended, passSignals } from './ending.ts'
import { FIRST_FD, type Launch } from './launch.ts'
import { loadNetwork } from './network-bundle.ts'
import type { Failure } from './problem.ts'
import type { Project } from './project.ts'
import { Recorder, type Recording, nameOf } from './recording.ts'
import type { Taps } from './taps.ts'
import type { Terminal } from './terminal.ts'

/** What a person wants besides. */
export interface Options {
  /** Ports of the host that lead in. */
  readonly publish: readonly string[]
  readonly capture: Recording | undefined
  /** Devices in place of gateways. They are let go here once the unikernel has them. */
  readonly taps: Taps | undefined
}

/** Runs what is built until it ends; gives its exit code. */
export async function run(
  project: Project,
  built: Built,
  launch: Launch,
  { publish, capture, taps }: Options,
  terminal: Terminal,
): Promise<Result<number, Failure>> {
  // On a busy host the unikernel may say that it is there, and somebody may press Ctrl-C, before this process goes on.
  const signals = passSignals({ kill: (signal) => child.kill(signal) }, process)
  // It boots while this process loads the gateway.
  const child = start(project, launch, taps)
  taps?.letGo()
  const output = shown(child)
  const exit = ended(child, built.name, signals, terminal)
  const gateways: RunningGateway[] = []
  let recorder: Recorder | undefined
  try {
    if (capture !== undefined) {
      const { record } = await loadNetwork(project)
      recorder = new Recorder(capture, record, terminal.complain)
      for (const { network, packets } of taps?.seen ?? []) recorder.device(network, packets)
    }
    for (const [index, group] of taps === undefined ? launch.networks.entries() : []) {
      const { connect } = await loadNetwork(project)
      const stream = child.stdio[FIRST_FD + index] as Socket | undefined
      if (stream === undefined) break
      // Ports lead to the first network: the others have no rules of their own.
      const rules = index === 0 ? publish : []
      const tap = recorder?.gateway(nameOf(group))
      const gateway = await connect(stream, { rules, words: launch.words, group, tap }, terminal)
      if (!gateway.ok) {
        child.kill('SIGKILL')
        await exit
        return gateway
      }
      gateways.push(gateway.value)
    }
    const code = await exit
    if (typeof code !== 'number') return err(code)
    // A signal's status, or a failure of the program itself, is not the unikernel's.
    return ok(code === 0 && signals.passed.size === 0 ? (launch.told?.(output()) ?? code) : code)
  } finally {
    for (const gateway of gateways) gateway.close()
    recorder?.close()
    signals.forget()
  }
}

/** Passes on what `child` writes to a pipe, if it does; the end of it. */
function shown({ stdout }: ChildProcess): () => string {
  let last = ''
  stdout?.setEncoding('latin1')
  stdout?.on('data', (text: string) => {
    process.stdout.write(text, 'latin1')
    last = (last + text).slice(-LAST_SIZE)
  })
  return () => last
}

/** Characters of the end of what was shown that may tell the status. */
const LAST_SIZE = 100

function start(
  { folder }: Project,
  { program, args, env, networks, told }: Launch,
  taps: Taps | undefined,
): ChildProcess {
  const sockets = taps?.descriptors ?? networks.map(() => 'pipe' as const)
  const output = told === undefined ? 'inherit' : 'pipe'
  const stdio: StdioOptions = ['inherit', output, 'inherit', ...sockets]
  return spawn(program, args, {
    cwd: folder,
    stdio,
    // It ends with the tool, also where no stream tells it: its devices are the tool's to remove.
    env: { ...env, MIRAGE_PARENT: String(process.pid) },
  })
}
