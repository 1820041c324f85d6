/** A store in memory: what it holds is gone with the program. */
import { type Clock, type WallTime, compare } from '@mirage/clock'
import { type Result, assert, done, err, ok } from '@mirage/result'
import * as digests from './digest.ts'
import * as Key from './key.ts'
import type { Entry, Kind, Kv, KvBatchError, KvError, KvWriteError } from './kv.ts'
import { checkPart, overwritten } from './part.ts'
import { type Change, type Node, Tree, type Value, entriesOf } from './tree.ts'

/** What a store in memory is made with. */
export interface MemoryOptions {
  /** Says when a value was set. */
  readonly clock: Pick<Clock, 'wall'>
  /** Bytes that all values together may have; a change that needs more is `no-space`. No limit unless told. */
  readonly sizeMax?: number
}

/** An empty store. */
export function memory({ clock, sizeMax = Number.POSITIVE_INFINITY }: MemoryOptions): Kv {
  return new MemoryKv(clock, sizeMax)
}

/** How often `batch` runs again unless told. */
const RETRIES = 13

const NEVER: WallTime = { days: 0, picoseconds: 0n }

/** Reading and writing one tree: what the store and the view of a batch have in common. */
abstract class TreeKv implements Kv {
  protected tree: Tree
  protected readonly clock: Pick<Clock, 'wall'>
  protected readonly sizeMax: number

  constructor(tree: Tree, clock: Pick<Clock, 'wall'>, sizeMax: number) {
    this.tree = tree
    this.clock = clock
    this.sizeMax = sizeMax
  }

  /** Called before the tree is asked about `key`. */
  protected abstract asks(aspect: Aspect, key: Key.Key): void
  /** Called before the tree is told to change, and after it changed. */
  protected abstract changes(change: Change): void
  protected abstract changed(change: Change): void
  abstract batch<T, E>(
    change: (view: Kv) => Promise<Result<T, E>>,
    options?: { readonly retries?: number },
  ): Promise<Result<T, E | KvBatchError>>

  async exists(key: Key.Key): Promise<Result<Kind | undefined, KvError>> {
    this.asks('kind', key)
    const node = this.tree.find(key)
    return ok(node === 'through-value' ? undefined : node?.kind)
  }

  async get(key: Key.Key): Promise<Result<Uint8Array, KvError>> {
    const found = this.#value(key)
    return found.ok ? ok(found.value.bytes.slice()) : found
  }

  async getPartial(key: Key.Key, offset: number, length: number): Promise<Result<Uint8Array, KvError>> {
    checkPart(offset, length)
    const found = this.#value(key)
    return found.ok ? ok(found.value.bytes.slice(offset, offset + length)) : found
  }

  async size(key: Key.Key): Promise<Result<number, KvError>> {
    const found = this.#value(key)
    return found.ok ? ok(found.value.bytes.length) : found
  }

  async list(key: Key.Key): Promise<Result<readonly Entry[], KvError>> {
    this.asks('entries', key)
    const node = this.tree.get(key)
    if (!node.ok) return node
    if (node.value.kind === 'value') return err({ kind: 'dictionary-expected', key })
    return ok(entriesOf(node.value))
  }

  async lastModified(key: Key.Key): Promise<Result<WallTime, KvError>> {
    this.asks('node', key)
    const node = this.tree.get(key)
    return node.ok ? ok(lastModifiedOf(node.value) ?? NEVER) : node
  }

  async digest(key: Key.Key): Promise<Result<Uint8Array, KvError>> {
    this.asks('node', key)
    const node = this.tree.get(key)
    return node.ok ? ok(digestOf(node.value).slice()) : node
  }

  async set(key: Key.Key, value: Uint8Array): Promise<Result<void, KvWriteError>> {
    return this.#change({ kind: 'set', key, value: this.#node(value.slice()) })
  }

  async setPartial(key: Key.Key, offset: number, bytes: Uint8Array): Promise<Result<void, KvWriteError>> {
    checkPart(offset, bytes.length)
    const found = this.#value(key)
    // Where there is no value to be, `set` says why.
    const value = overwritten(found.ok ? found.value.bytes : new Uint8Array(0), offset, bytes)
    return this.#change({ kind: 'set', key, value: this.#node(value) })
  }

  async remove(key: Key.Key): Promise<Result<void, KvWriteError>> {
    return this.#change({ kind: 'remove', key })
  }

  async rename(source: Key.Key, dest: Key.Key): Promise<Result<void, KvWriteError>> {
    return this.#change({ kind: 'rename', source, dest })
  }

  #value(key: Key.Key): Result<Value, KvError> {
    this.asks('node', key)
    const node = this.tree.get(key)
    if (!node.ok) return node
    return node.value.kind === 'value' ? ok(node.value) : err({ kind: 'value-expected', key })
  }

  #node(bytes: Uint8Array): Value {
    return { kind: 'value', bytes, modified: this.clock.wall(), digest: undefined }
  }

  #change(change: Change): Result<void, KvWriteError> {
    this.changes(change)
    if (change.kind === 'set' && this.#sizeAfter(change.key, change.value) > this.sizeMax)
      return err({ kind: 'no-space' })
    const applied = this.tree.apply(change)
    if (applied.ok) this.changed(change)
    return applied
  }

  #sizeAfter(key: Key.Key, value: Value): number {
    const before = this.tree.find(key)
    const replaced = typeof before === 'object' && before.kind === 'value' ? before.bytes.length : 0
    return this.tree.size - replaced + value.bytes.length
  }
}

class MemoryKv extends TreeKv {
  constructor(clock: Pick<Clock, 'wall'>, sizeMax: number) {
    super(new Tree(), clock, sizeMax)
  }

  protected override asks(): void {}
  protected override changes(): void {}
  protected override changed(): void {}

  override async batch<T, E>(
    change: (view: Kv) => Promise<Result<T, E>>,
    { retries = RETRIES }: { readonly retries?: number } = {},
  ): Promise<Result<T, E | KvBatchError>> {
    for (let run = 0; run <= retries; run++) {
      const view = new View(this.tree, this.clock, this.sizeMax)
      const result = await runOn(view, change)
      if (!result.ok) return result
      const applied = this.#apply(view)
      if (applied !== 'conflict') return applied.ok ? result : applied
    }
    return err({ kind: 'too-many-retries', retries })
  }

  #apply(view: View): Result<void, KvWriteError> | 'conflict' {
    if (view.hasConflict(this.tree)) return 'conflict'
    const next = this.tree.snapshot()
    for (const change of view.made) {
      const applied = next.apply(change)
      if (!applied.ok) return applied
    }
    if (next.size > this.sizeMax) return err({ kind: 'no-space' })
    this.tree = next
    return done
  }
}

/** What a run asked: whether a key names anything, what a dictionary lists, or all there is below a key. */
type Aspect = 'kind' | 'entries' | 'node'

/** What one run of a batch sees and does. */
class View extends TreeKv {
  /** The store as it was when the run began. */
  readonly #base: Tree
  readonly #asked = new Map<string, { readonly aspect: Aspect; readonly key: Key.Key }>()
  readonly made: Change[] = []
  #isOver = false

  constructor(base: Tree, clock: Pick<Clock, 'wall'>, sizeMax: number) {
    super(base.snapshot(), clock, sizeMax)
    this.#base = base.snapshot()
  }

  end(): void {
    this.#isOver = true
  }

  /** Whether `now` would answer anything that was asked differently. */
  hasConflict(now: Tree): boolean {
    if (now.root === this.#base.root) return false
    return [...this.#asked.values()].some(
      ({ aspect, key }) => answer(this.#base, aspect, key) !== answer(now, aspect, key),
    )
  }

  override async batch<T, E>(): Promise<Result<T, E | KvBatchError>> {
    throw new Error('broken invariant: a batch inside a batch')
  }

  protected override asks(aspect: Aspect, key: Key.Key): void {
    assert(!this.#isOver, 'a view is used only while its batch runs')
    this.#asked.set(`${aspect} ${Key.format(key)}`, { aspect, key })
  }

  protected override changes(change: Change): void {
    if (change.kind === 'rename') {
      this.asks('node', change.source)
      this.asks('kind', change.dest)
      this.asks('node', this.tree.targetOf(change.source, change.dest))
    } else {
      this.asks('node', change.key)
    }
  }

  protected override changed(change: Change): void {
    this.made.push(change)
  }
}

async function runOn<T>(view: View, change: (view: Kv) => Promise<T>): Promise<T> {
  try {
    return await change(view)
  } finally {
    view.end()
  }
}

/** Equal by `===` exactly if nothing of that aspect of `key` changed. */
function answer(tree: Tree, aspect: Aspect, key: Key.Key): unknown {
  const node = tree.find(key)
  if (typeof node !== 'object' || aspect === 'node') return node
  if (aspect === 'kind' || node.kind === 'value') return node.kind
  const lines = entriesOf(node).map(({ name, kind }) => `${name}/${kind}`)
  return lines.sort((a, b) => (a < b ? -1 : 1)).join('/')
}

function digestOf(node: Node): Uint8Array {
  node.digest ??=
    node.kind === 'value'
      ? digests.ofValue(node.bytes)
      : digests.ofDictionary(
          [...node.entries].map(([name, entry]) => ({ name, kind: entry.kind, digest: digestOf(entry) })),
        )
  return node.digest
}

function lastModifiedOf(node: Node): WallTime | undefined {
  if (node.kind === 'value') return node.modified
  let latest: WallTime | undefined
  for (const entry of node.entries.values()) {
    const modified = lastModifiedOf(entry)
    if (modified !== undefined && (latest === undefined || compare(modified, latest) > 0)) latest = modified
  }
  return latest
}
