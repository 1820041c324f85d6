/** A flow for tests that can be listened to, as TCP's can: what it hands over is lent, and is rubbish afterwards. */
import type { Flow, FlowError, WriteError } from '@mirage/flow'
import { type Result, assert, ok } from '@mirage/result'
import type { ServedFlow } from './output.ts'

const RUBBISH = 0xa5
/** Where in its frame a text begins. */
const OFFSET = 3

export class LentFlow implements ServedFlow {
  readonly #flow: Flow
  /** What a listener was handed and did not take. */
  readonly #left: Uint8Array[] = []
  #from: number | undefined = undefined
  #isListening = false
  #isWriting = false
  /** How many texts were handed to listeners. */
  count = 0

  /** Takes over `flow`. */
  constructor(flow: Flow) {
    this.#flow = flow
  }

  read(): Promise<Result<Uint8Array | 'eof', FlowError>> {
    assert(!this.#isListening, 'a flow that is listened to has no other reader')
    return this.#read()
  }

  #read(): Promise<Result<Uint8Array | 'eof', FlowError>> {
    const left = this.#left.shift()
    return left === undefined ? this.#flow.read() : Promise.resolve(ok(left))
  }

  listen(
    receive: (frame: Uint8Array, offset: number, end: number) => void,
    ended: (how: 'eof' | FlowError) => void,
  ): void {
    void this.#pour(receive, ended)
  }

  unlisten(from: number): void {
    this.#from = from
  }

  async #pour(
    receive: (frame: Uint8Array, offset: number, end: number) => void,
    ended: (how: 'eof' | FlowError) => void,
  ): Promise<void> {
    assert(!this.#isListening, 'a flow that is listened to has no other reader')
    this.#isListening = true
    this.#from = undefined
    while (this.#from === undefined) {
      const read = await this.#read()
      if (!read.ok || read.value === 'eof') {
        this.#isListening = false
        return ended(read.ok ? 'eof' : read.error)
      }
      const end = OFFSET + read.value.length
      const frame = new Uint8Array(end + OFFSET).fill(RUBBISH)
      frame.set(read.value, OFFSET)
      this.count += 1
      receive(frame, OFFSET, end)
      if (this.#from !== undefined && this.#from < end) this.#left.push(frame.slice(this.#from, end))
      frame.fill(RUBBISH)
    }
    this.#isListening = false
  }

  /** Takes no offer while a write waits. */
  offer(bytes: Uint8Array, offset: number, end: number): boolean {
    if (this.#isWriting) return false
    void this.write(bytes.slice(offset, end))
    return true
  }

  async write(bytes: Uint8Array): Promise<Result<void, WriteError>> {
    this.#isWriting = true
    const written = await this.#flow.write(bytes)
    this.#isWriting = false
    return written
  }

  shutdown(): void {
    this.#flow.shutdown()
  }

  close(): void {
    this.#flow.close()
  }

  abort(): void {
    this.#flow.abort()
  }
}
