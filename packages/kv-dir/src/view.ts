/**
 * What one run of a batch on a folder sees and does.
 *
 * Its writes stay in memory, over what the folder has. What it asks the folder is noted with the answer, and
 * asked again at the end. A folder cannot show what it held before: a run that asks for something that was
 * changed since the run began is in vain, and ends there.
 */
import { type WallTime, compare, fromEpochMs } from '@mirage/clock'
import type { Entry, Kind, Kv, KvBatchError, KvError, KvWriteError } from '@mirage/kv'
import * as digests from '@mirage/kv/digest'
import * as Key from '@mirage/kv/key'
import { checkPart, overwritten } from '@mirage/kv/part'
import { Tree, type Value } from '@mirage/kv/tree'
import { type Result, assert, done, err, ok } from '@mirage/result'
import { pathOf } from './name.ts'
import { type FolderReader, sortedText } from './reader.ts'
import { type State, stateOf, targetOf } from './rename.ts'

/** Keys changed by others that a run remembers; after more of them it takes everything for changed. */
const CHANGES_MAX = 10_000

/** Ends a run that has to run again anyway. The batch catches it. */
export class InVain extends Error {}

/** What was asked about a key: whether it names anything, what it lists, or everything at and below it. */
type Aspect = 'kind' | 'entries' | 'node'

export class View implements Kv {
  readonly #folder: FolderReader
  readonly #now: () => WallTime
  readonly #notes = new Map<
    string,
    { readonly aspect: Aspect; readonly key: Key.Key; readonly answer: string }
  >()
  readonly #written = new Tree()
  readonly #removed = new Map<string, Key.Key>()
  readonly #changedByOthers = new Map<string, Key.Key>()
  #isInVain = false
  #isOver = false

  constructor(folder: FolderReader, now: () => WallTime) {
    this.#folder = folder
    this.#now = now
  }

  /** The keys that the batch removes before it sets `written`. */
  get removed(): readonly Key.Key[] {
    return [...this.#removed.values()]
  }

  /** The values that the batch sets. */
  get written(): readonly (readonly [Key.Key, Uint8Array])[] {
    return [...this.#written.values()].map(([key, value]) => [key, value.bytes])
  }

  /** Says that somebody else is about to change `key`. */
  othersChange(key: Key.Key): void {
    const changed = this.#changedByOthers.size < CHANGES_MAX ? key : Key.empty
    this.#changedByOthers.set(Key.format(changed), changed)
  }

  /** Whether it was interrupted. */
  get isInVain(): boolean {
    return this.#isInVain
  }

  end(): void {
    this.#isOver = true
  }

  /** Whether anything that this run asked has another answer now. */
  async hasConflict(): Promise<boolean> {
    if (this.#isInVain) return true
    for (const { aspect, key, answer } of this.#notes.values()) {
      if (aspect === 'node' && this.#isChanged(key)) return true
      if ((await this.#ask(aspect, key)) !== answer) return true
    }
    return false
  }

  async exists(key: Key.Key): Promise<Result<Kind | undefined, KvError>> {
    return this.#reading('kind', key, async () => {
      const written = this.#written.find(key)
      if (written === undefined) return this.#isHidden(key) ? ok(undefined) : this.#folder.exists(key)
      return ok(written === 'through-value' ? undefined : written.kind)
    })
  }

  async get(key: Key.Key): Promise<Result<Uint8Array, KvError>> {
    const part = (value: Value): Uint8Array => value.bytes.slice()
    return this.#value(key, part, () => this.#folder.get(key))
  }

  async getPartial(key: Key.Key, offset: number, length: number): Promise<Result<Uint8Array, KvError>> {
    checkPart(offset, length)
    const part = (value: Value): Uint8Array => value.bytes.slice(offset, offset + length)
    return this.#value(key, part, () => this.#folder.getPartial(key, offset, length))
  }

  async size(key: Key.Key): Promise<Result<number, KvError>> {
    return this.#value(
      key,
      (value) => value.bytes.length,
      () => this.#folder.size(key),
    )
  }

  async list(key: Key.Key): Promise<Result<readonly Entry[], KvError>> {
    return this.#reading('entries', key, async () => {
      const written = this.#written.find(key)
      if (written === 'through-value' || written?.kind === 'value')
        return err({ kind: 'dictionary-expected', key })
      const kinds = new Map<string, Kind>()
      const listed = this.#isHidden(key)
        ? err({ kind: 'not-found', key } as const)
        : await this.#folder.list(key)
      if (!listed.ok && (written === undefined || listed.error.kind !== 'not-found')) return listed
      for (const { name, kind } of listed.ok ? listed.value : []) {
        if (!this.#removed.has(Key.format(Key.append(key, Key.parse(name))))) kinds.set(name, kind)
      }
      for (const [name, node] of written?.entries ?? []) kinds.set(name, node.kind)
      return ok([...kinds].map(([name, kind]) => ({ name, kind })))
    })
  }

  async lastModified(key: Key.Key): Promise<Result<WallTime, KvError>> {
    const below = async (entries: readonly Key.Key[]): Promise<Result<WallTime, KvError>> => {
      let latest = fromEpochMs(0)
      for (const entry of entries) {
        const modified = await this.lastModified(entry)
        if (!modified.ok) return modified
        if (compare(modified.value, latest) > 0) latest = modified.value
      }
      return ok(latest)
    }
    return this.#deep(
      key,
      (value) => value.modified,
      below,
      () => this.#folder.lastModified(key),
    )
  }

  async digest(key: Key.Key): Promise<Result<Uint8Array, KvError>> {
    const below = async (
      keys: readonly Key.Key[],
      kinds: readonly Kind[],
    ): Promise<Result<Uint8Array, KvError>> => {
      const entries: digests.DigestedEntry[] = []
      for (const [i, entry] of keys.entries()) {
        const digest = await this.digest(entry)
        if (!digest.ok) return digest
        entries.push({ name: Key.basename(entry), kind: kinds[i]!, digest: digest.value })
      }
      return ok(digests.ofDictionary(entries))
    }
    return this.#deep(
      key,
      (value) => digests.ofValue(value.bytes),
      below,
      () => this.#folder.digest(key),
    )
  }

  async set(key: Key.Key, bytes: Uint8Array): Promise<Result<void, KvWriteError>> {
    return this.#write(key, bytes.slice())
  }

  async setPartial(key: Key.Key, offset: number, bytes: Uint8Array): Promise<Result<void, KvWriteError>> {
    checkPart(offset, bytes.length)
    const copy = bytes.slice()
    const old = await this.get(key)
    if (!old.ok && old.error.kind !== 'not-found') return old
    return this.#write(key, overwritten(old.ok ? old.value : new Uint8Array(0), offset, copy))
  }

  async remove(key: Key.Key): Promise<Result<void, KvWriteError>> {
    const path = pathOf(key)
    if (!path.ok) return path
    await this.#note('node', key)
    this.#written.apply({ kind: 'remove', key })
    this.#removed.set(Key.format(key), key)
    return done
  }

  async rename(source: Key.Key, dest: Key.Key): Promise<Result<void, KvWriteError>> {
    const target = await targetOf(this, source, dest)
    if (!target.ok) return target
    if (Key.equal(source, target.value)) return done
    const values: [Key.Key, Uint8Array][] = []
    const collected = await this.#collect(source, target.value, values)
    if (!collected.ok) return collected
    const removed = await this.remove(source)
    if (!removed.ok) return removed
    for (const [key, bytes] of values) {
      const written = await this.#write(key, bytes)
      if (!written.ok) return written
    }
    return done
  }

  async batch<T, E>(): Promise<Result<T, E | KvBatchError>> {
    throw new Error('broken invariant: a batch inside a batch')
  }

  /** The values at and below `from`, under the keys that they get at `to`. */
  async #collect(
    from: Key.Key,
    to: Key.Key,
    values: [Key.Key, Uint8Array][],
  ): Promise<Result<void, KvError>> {
    const value = await this.get(from)
    if (value.ok) values.push([to, value.value])
    if (value.ok || value.error.kind !== 'value-expected') return value.ok ? done : value
    const entries = await this.list(from)
    if (!entries.ok) return entries
    for (const { name } of entries.value) {
      const below = Key.parse(name)
      const collected = await this.#collect(Key.append(from, below), Key.append(to, below), values)
      if (!collected.ok) return collected
    }
    return done
  }

  async #write(key: Key.Key, bytes: Uint8Array): Promise<Result<void, KvWriteError>> {
    const state: Result<State, KvError> = await stateOf(this, key)
    if (!state.ok) return state
    if (state.value === 'dictionary') return err({ kind: 'value-expected', key })
    if (state.value === 'through-value') return err({ kind: 'dictionary-expected', key })
    const value: Value = { kind: 'value', bytes, modified: this.#now(), digest: undefined }
    return this.#written.apply({ kind: 'set', key, value })
  }

  /** `part` of a value that the batch wrote, or what `folder` says. */
  async #value<T>(
    key: Key.Key,
    part: (value: Value) => T,
    folder: () => Promise<Result<T, KvError>>,
  ): Promise<Result<T, KvError>> {
    return this.#reading('node', key, async () => {
      const written = this.#written.find(key)
      if (written === 'through-value') return err({ kind: 'dictionary-expected', key })
      if (written === undefined) return this.#isHidden(key) ? err({ kind: 'not-found', key }) : folder()
      return written.kind === 'value' ? ok(part(written)) : err({ kind: 'value-expected', key })
    })
  }

  /** What `below` makes of a dictionary that the batch changed; of anything else, as `#value`. */
  async #deep<T>(
    key: Key.Key,
    part: (value: Value) => T,
    below: (entries: readonly Key.Key[], kinds: readonly Kind[]) => Promise<Result<T, KvError>>,
    folder: () => Promise<Result<T, KvError>>,
  ): Promise<Result<T, KvError>> {
    const written = this.#written.find(key)
    const hasChanges =
      typeof written === 'object' || this.removed.some((removed) => Key.isPrefix(key, removed))
    const kind = await this.exists(key)
    if (!hasChanges || !kind.ok || kind.value !== 'dictionary') return this.#value(key, part, folder)
    const entries = await this.list(key)
    if (!entries.ok) return entries
    const keys = entries.value.map(({ name }) => Key.append(key, Key.parse(name)))
    return below(
      keys,
      entries.value.map((entry) => entry.kind),
    )
  }

  async #reading<T>(aspect: Aspect, key: Key.Key, read: () => Promise<T>): Promise<T> {
    await this.#note(aspect, key)
    const result = await read()
    this.#check(key)
    return result
  }

  async #note(aspect: Aspect, key: Key.Key): Promise<void> {
    assert(!this.#isOver, 'a view is used only while its batch runs')
    const note = `${aspect} ${Key.format(key)}`
    if (!this.#notes.has(note)) this.#notes.set(note, { aspect, key, answer: await this.#ask(aspect, key) })
    this.#check(key)
  }

  async #ask(aspect: Aspect, key: Key.Key): Promise<string> {
    if (aspect === 'node') return this.#folder.version(key)
    if (aspect === 'kind') {
      const kind = await this.#folder.exists(key)
      return kind.ok ? (kind.value ?? 'nothing') : kind.error.kind
    }
    const entries = await this.#folder.list(key)
    return entries.ok
      ? sortedText(entries.value.map(({ name, kind }) => `${name}/${kind}`))
      : entries.error.kind
  }

  #check(key: Key.Key): void {
    if (!this.#isChanged(key)) return
    this.#isInVain = true
    throw new InVain('others changed what this run of a batch reads: it runs again')
  }

  #isChanged(key: Key.Key): boolean {
    return [...this.#changedByOthers.values()].some(
      (changed) => Key.isPrefix(changed, key) || Key.isPrefix(key, changed),
    )
  }

  /** Whether the batch removed what the folder has at `key`. */
  #isHidden(key: Key.Key): boolean {
    for (let above = key; ; above = Key.parent(above)) {
      if (this.#removed.has(Key.format(above))) return true
      if (above.length === 0) return false
    }
  }
}
