/**
 * The content of a store as a tree of nodes that snapshots share.
 *
 * A value node never changes. A dictionary node changes only in place of its owner: `snapshot` gives both
 * trees new owners, so that whichever changes a dictionary next copies it first, and every dictionary above.
 * A node that two trees have in common is therefore proof that nothing at or below it changed since.
 */
import type { WallTime } from '@mirage/clock'
import { type Result, done, err } from '@mirage/result'
import * as Key from './key.ts'
import type { Entry, Kind, KvError, KvWriteError } from './kv.ts'

/** A leaf. */
export interface Value {
  readonly kind: 'value'
  /** Never changed, never lent. */
  readonly bytes: Uint8Array
  readonly modified: WallTime
  /** Known once somebody asked. */
  digest: Uint8Array | undefined
}

/** What has entries, by their names. */
export interface Dictionary {
  readonly kind: 'dictionary'
  readonly entries: Map<string, Node>
  readonly owner: Owner
  /** Known once somebody asked, and forgotten when something below changes. */
  digest: Uint8Array | undefined
}

/** What a key can name. */
export type Node = Value | Dictionary

/** Who may change a dictionary in place. Only its identity counts. */
type Owner = Readonly<Record<string, never>>

/** What a tree can be told to do. The same change does the same to every tree where it meets the same nodes. */
export type Change =
  | { readonly kind: 'set'; readonly key: Key.Key; readonly value: Value }
  | { readonly kind: 'remove'; readonly key: Key.Key }
  | { readonly kind: 'rename'; readonly source: Key.Key; readonly dest: Key.Key }

/** Segments of the longest key: what walks the tree to its leaves recurses this deep at most. */
export const DEPTH_MAX = 1024

/** A tree that changes. Whoever holds a snapshot of it sees nothing of that. */
export class Tree {
  #root: Dictionary
  #owner: Owner
  /** Bytes of all values. */
  #size: number

  constructor() {
    this.#owner = {}
    this.#root = dictionary(this.#owner)
    this.#size = 0
  }

  get root(): Dictionary {
    return this.#root
  }

  get size(): number {
    return this.#size
  }

  /** A tree with the same content, which changes apart from this one. Costs the same whatever the content. */
  snapshot(): Tree {
    const copy = new Tree()
    copy.#root = this.#root
    copy.#size = this.#size
    this.#owner = {}
    return copy
  }

  /** What `key` names; `through-value` if a value lies on the way to it. */
  find(key: Key.Key): Node | 'through-value' | undefined {
    let node: Node = this.#root
    for (const segment of key) {
      if (node.kind === 'value') return 'through-value'
      const next = node.entries.get(segment)
      if (next === undefined) return undefined
      node = next
    }
    return node
  }

  /** The same for those who need something to be there. */
  get(key: Key.Key): Result<Node, KvError> {
    const node = this.find(key)
    if (node === undefined) return err({ kind: 'not-found', key })
    if (node === 'through-value') return err({ kind: 'dictionary-expected', key })
    return { ok: true, value: node }
  }

  /** Every value and its key, in no order. */
  values(): IterableIterator<readonly [Key.Key, Value]> {
    return valuesOf(Key.empty, this.#root)
  }

  apply(change: Change): Result<void, KvWriteError> {
    switch (change.kind) {
      case 'set':
        return this.#set(change.key, change.value)
      case 'remove':
        return this.#remove(change.key)
      case 'rename':
        return this.#rename(change.source, change.dest)
    }
  }

  #set(key: Key.Key, value: Value): Result<void, KvWriteError> {
    if (key.length > DEPTH_MAX) return err({ kind: 'bad-key', key })
    const before = this.find(key)
    if (before === 'through-value') return err({ kind: 'dictionary-expected', key })
    if (before?.kind === 'dictionary') return err({ kind: 'value-expected', key })
    this.#bind(key, value)
    this.#size += value.bytes.length - (before?.bytes.length ?? 0)
    return done
  }

  #remove(key: Key.Key): Result<void, KvWriteError> {
    const node = this.find(key)
    if (node === undefined || node === 'through-value') return done
    if (key.length === 0) this.#root = dictionary(this.#owner)
    else this.#own(Key.parent(key)).delete(Key.basename(key))
    this.#size -= sizeOf(node)
    return done
  }

  #rename(source: Key.Key, dest: Key.Key): Result<void, KvWriteError> {
    const moved = this.get(source)
    if (!moved.ok) return moved
    const target = this.targetOf(source, dest)
    if (Key.equal(source, target)) return done
    if (Key.isPrefix(source, target)) return err({ kind: 'rename-source-prefix', source, dest })
    if (target.length + heightOf(moved.value) > DEPTH_MAX) return err({ kind: 'bad-key', key: dest })
    const replaced = this.find(target)
    if (replaced === 'through-value') return err({ kind: 'dictionary-expected', key: dest })
    if (replaced?.kind === 'dictionary') return err({ kind: 'value-expected', key: target })
    if (replaced !== undefined && moved.value.kind === 'dictionary')
      return err({ kind: 'value-expected', key: source })
    this.#own(Key.parent(source)).delete(Key.basename(source))
    this.#bind(target, moved.value)
    this.#size -= replaced?.bytes.length ?? 0
    return done
  }

  /** Where a rename ends: inside `dest` if that is a dictionary. */
  targetOf(source: Key.Key, dest: Key.Key): Key.Key {
    const node = this.find(dest)
    const isInside = node !== undefined && node !== 'through-value' && node.kind === 'dictionary'
    return isInside && source.length > 0 ? Key.append(dest, Key.parse(Key.basename(source))) : dest
  }

  #bind(key: Key.Key, node: Node): void {
    this.#own(Key.parent(key)).set(Key.basename(key), node)
  }

  /** The entries of the dictionary `key`, which is made if it is not there, ready to be changed. */
  #own(key: Key.Key): Map<string, Node> {
    let node = (this.#root = this.#mine(this.#root))
    for (const segment of key) {
      const below = node.entries.get(segment)
      const next = below?.kind === 'dictionary' ? this.#mine(below) : dictionary(this.#owner)
      node.entries.set(segment, next)
      node = next
    }
    return node.entries
  }

  #mine(node: Dictionary): Dictionary {
    if (node.owner !== this.#owner) return dictionary(this.#owner, node.entries)
    node.digest = undefined
    return node
  }
}

/** The direct entries of `node`, without what they hold. */
export function entriesOf(node: Dictionary): Entry[] {
  return [...node.entries].map(([name, { kind }]): { name: string; kind: Kind } => ({ name, kind }))
}

function* valuesOf(key: Key.Key, node: Node): IterableIterator<readonly [Key.Key, Value]> {
  if (node.kind === 'value') return yield [key, node]
  for (const [name, entry] of node.entries) yield* valuesOf(Key.append(key, Key.parse(name)), entry)
}

function dictionary(owner: Owner, entries?: Map<string, Node>): Dictionary {
  return { kind: 'dictionary', entries: new Map(entries), owner, digest: undefined }
}

function sizeOf(node: Node): number {
  if (node.kind === 'value') return node.bytes.length
  let size = 0
  for (const entry of node.entries.values()) size += sizeOf(entry)
  return size
}

function heightOf(node: Node): number {
  if (node.kind === 'value') return 0
  let height = 0
  for (const entry of node.entries.values()) height = Math.max(height, 1 + heightOf(entry))
  return height
}
