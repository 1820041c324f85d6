/** Files that were baked into the image, as a store that can only be read. */
import { hex } from '@mirage/bytes/hex'
import { type WallTime, fromEpochMs } from '@mirage/clock'
import type { Entry, Kind, KvError, KvReader } from '@mirage/kv'
import * as Key from '@mirage/kv/key'
import { checkPart } from '@mirage/kv/part'
import { type Result, err, ok } from '@mirage/result'
import { CHUNK_SIZE, type Crunched, type CrunchedValue, parseChunk } from './crunched.ts'

/** The store of a generated module. A chunk is decoded when it is first read, and kept. */
export function crunched(content: Crunched): KvReader {
  return new CrunchedKv(content)
}

type Node = Value | Dictionary

interface Value {
  readonly kind: 'value'
  readonly size: number
  readonly digest: string
  readonly chunks: readonly number[]
}

interface Dictionary {
  readonly kind: 'dictionary'
  readonly digest: string
  readonly entries: Entry[]
}

class CrunchedKv implements KvReader {
  readonly #nodes: ReadonlyMap<string, Node>
  readonly #modified: WallTime
  readonly #chunks: (string | Uint8Array)[]

  constructor({ modified, chunks, values, dictionaries }: Crunched) {
    this.#nodes = nodesOf(values, dictionaries)
    this.#modified = fromEpochMs(modified)
    this.#chunks = [...chunks]
  }

  async exists(key: Key.Key): Promise<Result<Kind | undefined, KvError>> {
    return ok(this.#nodes.get(Key.format(key))?.kind)
  }

  async get(key: Key.Key): Promise<Result<Uint8Array, KvError>> {
    const found = this.#value(key)
    return found.ok ? ok(this.#bytes(found.value, 0, found.value.size)) : found
  }

  async getPartial(key: Key.Key, offset: number, length: number): Promise<Result<Uint8Array, KvError>> {
    checkPart(offset, length)
    const found = this.#value(key)
    if (!found.ok) return found
    const start = Math.min(offset, found.value.size)
    return ok(this.#bytes(found.value, start, Math.min(start + length, found.value.size)))
  }

  async list(key: Key.Key): Promise<Result<readonly Entry[], KvError>> {
    const node = this.#node(key)
    if (!node.ok) return node
    return node.value.kind === 'dictionary'
      ? ok([...node.value.entries])
      : err({ kind: 'dictionary-expected', key })
  }

  async lastModified(key: Key.Key): Promise<Result<WallTime, KvError>> {
    const node = this.#node(key)
    if (!node.ok) return node
    const isEmpty = node.value.kind === 'dictionary' && node.value.entries.length === 0
    return ok(isEmpty ? fromEpochMs(0) : this.#modified)
  }

  async digest(key: Key.Key): Promise<Result<Uint8Array, KvError>> {
    const node = this.#node(key)
    return node.ok ? ok(hex(node.value.digest)) : node
  }

  async size(key: Key.Key): Promise<Result<number, KvError>> {
    const found = this.#value(key)
    return found.ok ? ok(found.value.size) : found
  }

  #node(key: Key.Key): Result<Node, KvError> {
    const node = this.#nodes.get(Key.format(key))
    if (node !== undefined) return ok(node)
    for (let above = key; above.length > 0; ) {
      above = Key.parent(above)
      const leads = this.#nodes.get(Key.format(above))
      if (leads?.kind === 'value') return err({ kind: 'dictionary-expected', key })
    }
    return err({ kind: 'not-found', key })
  }

  #value(key: Key.Key): Result<Value, KvError> {
    const node = this.#node(key)
    if (!node.ok) return node
    return node.value.kind === 'value' ? ok(node.value) : err({ kind: 'value-expected', key })
  }

  /** A copy of the bytes of `value` from `start` to `end`, which lie inside it. */
  #bytes({ chunks }: Value, start: number, end: number): Uint8Array {
    const bytes = new Uint8Array(end - start)
    for (let offset = start; offset < end; ) {
      const chunk = this.#chunk(chunks[Math.floor(offset / CHUNK_SIZE)]!)
      const inChunk = offset % CHUNK_SIZE
      const part = chunk.subarray(inChunk, inChunk + (end - offset))
      bytes.set(part, offset - start)
      offset += part.length
    }
    return bytes
  }

  #chunk(index: number): Uint8Array {
    const chunk = this.#chunks[index]!
    if (typeof chunk !== 'string') return chunk
    return (this.#chunks[index] = parseChunk(chunk))
  }
}

/** Every value and dictionary under its key as `Key.format` writes it. */
function nodesOf(
  values: readonly CrunchedValue[],
  dictionaries: Crunched['dictionaries'],
): Map<string, Node> {
  const nodes = new Map<string, Node>()
  for (const [path, digest] of dictionaries)
    nodes.set(`/${path}`, { kind: 'dictionary', digest, entries: [] })
  for (const [path, size, digest, chunks] of values)
    nodes.set(`/${path}`, { kind: 'value', size, digest, chunks })
  for (const [path, { kind }] of nodes) {
    const slash = path.lastIndexOf('/')
    const name = path.slice(slash + 1)
    const parent = nodes.get(path.slice(0, slash) || '/')
    if (name !== '' && parent?.kind === 'dictionary') parent.entries.push({ name, kind })
  }
  return nodes
}
