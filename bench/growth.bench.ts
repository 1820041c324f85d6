/** How much more a segment takes where there are very many connections. */
import { type ChildProcess, fork } from 'node:child_process'
import { type Bench, always } from './bench.ts'
import { linked } from './linked.ts'
import type { Spread } from './growth.ts'

const FEW = 10
const MANY = 100_000
/** Until what is used is compiled. */
const WARM_UP = 5

/** Connections in a process of their own. */
class Connections {
  readonly #child: ChildProcess
  #answered: (nanos: number) => void = () => {}
  #failed: (error: Error) => void = () => {}
  readonly #opened: Promise<unknown>

  constructor(script: string, count: number) {
    this.#child = fork(script, [String(count)], { execArgv: ['--no-warnings'] })
    this.#child.on('message', (nanos: number) => this.#answered(nanos))
    this.#child.on('exit', () => this.#failed(new Error('the connections are gone')))
    this.#opened = this.#next()
  }

  async open(): Promise<void> {
    await this.#opened
    for (let i = 0; i < WARM_UP; i++) await this.time('few')
  }

  /** Nanoseconds for a segment. */
  time(spread: Spread): Promise<number> {
    const answer = this.#next()
    this.#child.send(spread)
    return answer
  }

  stop(): void {
    this.#child.kill()
  }

  #next(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve
      this.#failed = reject
    })
  }
}

const script = await linked('connections', "import './growth.ts'")
const few = new Connections(script, FEW)
const many = new Connections(script, MANY)
await few.open()
await many.open()

const reference: Bench['reference'] = {
  what: `the same over ${FEW} connections, in a process that has no others`,
  measure: always(() => few.time('few')),
}

const beside: Bench = {
  what: `a segment of 64-byte requests over ${FEW} connections beside ${MANY} idle ones, both ends`,
  unit: 'ns',
  runs: 7,
  measure: () => many.time('few'),
  reference,
  target: { atMost: 1.5 },
}

/** Each connection is in no cache when its turn comes again, so that this is the price of a machine's memory. */
const spread: Bench = {
  what: `a segment of 64-byte requests to each of ${MANY} connections in turn, both ends`,
  unit: 'ns',
  runs: 7,
  measure: () => many.time('all'),
  reference,
  target: { atMost: 1.5 },
  stop: async () => {
    few.stop()
    many.stop()
  },
}

export default [beside, spread]
