/**
 * Runs a unikernel in a process of its own, and a gateway for each of its networks in this one.
 *
 * The unikernel's Ethernet is a stream socket, its file descriptor 3 (4 for a second network): each frame is
 * preceded by its length, 4 bytes, big-endian. Or it is a TAP device, and there are no gateways.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import type { RunningGateway } from '@mirage/gateway/node'
import type { Capture } from '@mirage/net/capture'
import { type Result, err, ok } from '@mirage/result'
import type { Built } from './built.ts'
import { type CaptureFile, openCapture } from './capture-file.ts'
import { ended, passSignals } from './ending.ts'
import { FIRST_FD, type Launch } from './launch.ts'
import { loadNetwork } from './network-bundle.ts'
import type { Failure } from './problem.ts'
import type { Project } from './project.ts'
import type { Taps } from './taps.ts'
import type { Terminal } from './terminal.ts'

/** What a person wants besides. */
export interface Options {
  /** Ports of the host that lead in. */
  readonly publish: readonly string[]
  /** The file that is recorded to, and the one interface that is, if not all are. */
  readonly capture: { readonly path: string; readonly interface: string | undefined } | undefined
  /** Devices in place of gateways. They are closed here once the unikernel has them. */
  readonly taps: Taps | undefined
}

/** What a person calls a network: the group of its arguments, or `net` where it has none. */
export function nameOf(group: string | undefined): string {
  return group ?? 'net'
}

/** Runs what is built until it ends; gives its exit code. */
export async function run(
  project: Project,
  built: Built,
  launch: Launch,
  { publish, capture, taps }: Options,
  terminal: Terminal,
): Promise<Result<number, Failure>> {
  const opened = capture === undefined ? ok(undefined) : openTheFile(capture, terminal)
  if (!opened.ok) return opened
  const file = opened.value
  // The unikernel boots while this process loads the gateway.
  const child = start(project, launch, taps)
  taps?.close()
  const output = shown(child)
  const signals = passSignals(child, process)
  const exit = ended(child, built.name, signals, terminal)
  const gateways: RunningGateway[] = []
  let recording: Capture | undefined
  try {
    for (const [index, group] of taps === undefined ? launch.networks.entries() : []) {
      const { connect, record } = await loadNetwork(project)
      const stream = child.stdio[FIRST_FD + index] as Socket | undefined
      if (stream === undefined) break
      // Ports lead to the first network: the others have no rules of their own.
      const rules = index === 0 ? publish : []
      const name = nameOf(group)
      const isRecorded = file !== undefined && (capture?.interface ?? name) === name
      if (isRecorded) recording ??= record((bytes) => file.write(bytes))
      const tap = isRecorded ? recording?.add({ name }) : undefined
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
    file?.close()
    signals.forget()
  }
}

function openTheFile(
  { path }: { readonly path: string },
  { complain }: Terminal,
): Result<CaptureFile, Failure> {
  return openCapture(path, (message) => complain([{ message }]))
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
  // A unikernel on a TAP ends with the tool: its device is the tool's to remove.
  const heir = taps === undefined ? {} : { MIRAGE_PARENT: String(process.pid) }
  return spawn(program, args, { cwd: folder, stdio, env: { ...env, ...heir } })
}
