import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as mac from '@mirage/address/mac'
import { err } from '@mirage/result'
import { netContract } from './contract.ts'
import { HEADER_SIZE, type Net } from './net.ts'
import { type ByteStream, connect } from './stream.ts'

/** A pipe whose chunks have the sizes that a test wants, and which tells of its writes. */
class Pipe implements ByteStream {
  peer: Pipe | undefined
  chunkSize = Infinity
  isStalled = false
  isEnded = false
  readonly written: Uint8Array[] = []
  readonly #tasks: (() => void)[] = []
  #receive: ((chunk: Uint8Array) => void) | undefined

  write(bytes: Uint8Array, sent: () => void): void {
    this.written.push(bytes.slice())
    this.#tasks.push(() => {
      this.peer?.arrive(bytes)
      sent()
    })
  }

  listen(receive: (chunk: Uint8Array) => void): void {
    assert.equal(this.#receive, undefined)
    this.#receive = receive
  }

  defer(task: () => void): void {
    this.#tasks.push(task)
  }

  end(): void {
    this.isEnded = true
  }

  arrive(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length; ) {
      const end = Math.min(bytes.length, offset + this.chunkSize)
      const chunk = bytes.slice(offset, end)
      this.#receive?.(chunk)
      chunk.fill(0xa5)
      offset = end
    }
  }

  run(): boolean {
    if (this.isStalled) return false
    const tasks = this.#tasks.splice(0)
    for (const task of tasks) task()
    return tasks.length > 0
  }
}

interface Ends {
  readonly a: Net
  readonly b: Net
  readonly pipes: readonly [Pipe, Pipe]
  readonly arrived: () => void
}

function ends(chunkSize = Infinity): Ends {
  const pipes: [Pipe, Pipe] = [new Pipe(), new Pipe()]
  const [p, q] = pipes
  p.peer = q
  q.peer = p
  p.chunkSize = q.chunkSize = chunkSize
  const a = connect(p, { mac: mac.local(1), mtu: 1500 })
  const b = connect(q, { mac: mac.local(2), mtu: 1500 })
  const arrived = (): void => {
    while ([p.run(), q.run()].includes(true));
  }
  return { a, b, pipes, arrived }
}

for (const chunkSize of [Infinity, 1000, 1]) {
  netContract(`a device on a stream of chunks of ${chunkSize} bytes`, () => {
    const { a, b, arrived } = ends(chunkSize)
    return { a, b, arrived: async () => arrived() }
  })
}

describe('a device on a stream', () => {
  it('sends what was written in one turn in one write', () => {
    const { a, pipes, arrived } = ends()
    for (let i = 0; i < 3; i += 1) a.write(2, () => 2)
    arrived()
    assert.deepEqual(
      pipes[0].written.map((each) => [...each]),
      [[0, 0, 0, 2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 2, 0, 0]],
    )
  })

  it('gathers what is written while the stream is slow', () => {
    const { a, pipes, arrived } = ends()
    a.write(1, () => 1)
    pipes[0].run()
    for (let turn = 0; turn < 5; turn += 1) a.write(1, () => 1)
    assert.equal(pipes[0].written.length, 1)
    arrived()
    assert.deepEqual(
      pipes[0].written.map((each) => each.length),
      [5, 25],
    )
  })

  it('is busy with 4 MiB that nobody reads, and recovers', () => {
    const { a, b, pipes, arrived } = ends()
    pipes[0].isStalled = true
    b.listen(() => {})
    let count = 0
    while (a.write(1514, () => 1514).ok) count += 1
    assert.ok(count * 1518 > 0x40_0000 && count * 1518 < 0x44_0000)
    assert.deepEqual(
      a.write(1514, () => assert.fail('fill was called')),
      err('busy'),
    )
    pipes[0].isStalled = false
    arrived()
    assert.equal(b.counters.rxFrames, count)
    assert.ok(a.write(1514, () => 1514).ok)
  })

  it('sends what was written before it was disconnected', () => {
    const { a, b, pipes, arrived } = ends()
    b.listen(() => {})
    a.write(60, () => 60)
    a.disconnect()
    arrived()
    assert.deepEqual([b.counters.rxFrames, pipes[0].isEnded], [1, true])
  })

  const broken: [what: string, prefix: number[]][] = [
    ['of zero', [0, 0, 0, 0]],
    ['above its MTU', [0, 0, 1500 >>> 8, (1500 + HEADER_SIZE + 1) & 255]],
    ['that would be negative', [0xff, 0xff, 0xff, 0xff]],
  ]
  for (const [what, prefix] of broken) {
    for (const chunkSize of [Infinity, 1]) {
      it(`disconnects a peer that sends a length ${what}, in chunks of ${chunkSize}`, () => {
        const { a, pipes } = ends(chunkSize)
        let count = 0
        a.listen(() => (count += 1))
        pipes[0].arrive(Uint8Array.of(0, 0, 0, 1, 7, ...prefix, 0, 0, 0, 1, 7))
        assert.deepEqual([count, pipes[0].isEnded], [1, true])
        assert.deepEqual(
          a.write(1, () => 1),
          err('disconnected'),
        )
      })
    }
  }

  it('stops in the middle of a chunk when its listener disconnects it', () => {
    const { a, pipes } = ends()
    let count = 0
    a.listen(() => {
      count += 1
      a.disconnect()
    })
    pipes[0].arrive(Uint8Array.of(0, 0, 0, 1, 7, 0, 0, 0, 1, 7))
    assert.equal(count, 1)
  })
})
