/**
 * Ends the process where one block of inputs never ends, and says which: an endless loop can be stopped by nobody in its
 * own thread, and would tell nothing.
 */
import { writeSync } from 'node:fs'
import { Worker, isMainThread, parentPort } from 'node:worker_threads'

/** What is looked at. */
interface Watched {
  /** How it is replayed, for a person. */
  readonly replay: string
  readonly patienceMs: number
}

const watcher = isMainThread ? { worker: undefined as Worker | undefined } : undefined

/** From now on the process may be in this block for `patienceMs`, until `over` is called. */
export function begin(replay: string, patienceMs: number): void {
  if (watcher === undefined) return
  if (watcher.worker === undefined) {
    watcher.worker = new Worker(new URL(import.meta.url), { execArgv: [] })
    watcher.worker.unref()
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  watcher.worker.postMessage({ replay, patienceMs } satisfies Watched)
}

/** What was begun is over. */
export function over(): void {
  watcher?.worker?.postMessage(undefined)
}

let timer: NodeJS.Timeout | undefined
parentPort?.on('message', (watched: Watched | undefined) => {
  clearTimeout(timer)
  if (watched === undefined) return
  timer = setTimeout(() => {
    writeSync(2, `no end after ${watched.patienceMs} ms: ${watched.replay}\n`)
    process.kill(process.pid, 'SIGKILL')
  }, watched.patienceMs)
})
