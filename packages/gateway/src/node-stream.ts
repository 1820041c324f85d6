/** A byte stream of Node, a socket or a pipe to a child, for the device at its end. */
import type { Duplex } from 'node:stream'
import type { ByteStream } from '@mirage/net/stream'

/**
 * A stream that may come later. What is written before it comes waits; so does the device, which writes one
 * batch at a time.
 */
export class DuplexStream implements ByteStream {
  #duplex: Duplex | undefined
  #receive: ((chunk: Uint8Array) => void) | undefined
  readonly #waiting: [bytes: Uint8Array, sent: () => void][] = []

  /** Joins `duplex`, once. `closed` is called when it has ended or broken. */
  attach(duplex: Duplex, closed: () => void): void {
    this.#duplex = duplex
    // A peer that is gone shows in `close`, which follows every error.
    duplex.on('error', () => {})
    duplex.once('end', closed)
    duplex.once('close', closed)
    for (const [bytes, sent] of this.#waiting.splice(0)) duplex.write(bytes, () => sent())
    if (this.#receive !== undefined) this.listen(this.#receive)
  }

  write(bytes: Uint8Array, sent: () => void): void {
    if (this.#duplex === undefined) this.#waiting.push([bytes, sent])
    else this.#duplex.write(bytes, () => sent())
  }

  listen(receive: (chunk: Uint8Array) => void): void {
    this.#receive = receive
    this.#duplex?.on('data', (chunk: Buffer) => {
      receive(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length))
    })
  }

  defer(task: () => void): void {
    setImmediate(task)
  }

  end(): void {
    this.#duplex?.end()
  }
}
