/**
 * Makes the module that bakes files into an image.
 *
 * The same files and the same date give the same source, byte for byte, whatever the order in which the files
 * come: paths are sorted, and equal chunks are stored once. Digests are computed here, so that an image that
 * asks for them links no hash function.
 */
import * as hex from '@mirage/bytes/hex'
import * as digests from '@mirage/kv/digest'
import * as Key from '@mirage/kv/key'
import { assert } from '@mirage/result'
import { CHUNK_SIZE, type Crunched, type CrunchedValue, type Form, emitChunk } from './crunched.ts'

/** A file to be baked in. */
export interface CrunchFile {
  /** Segments between slashes: `css/main.css`. */
  readonly path: string
  readonly bytes: Uint8Array
}

/** What the module says beside the files. */
export interface GenerateOptions {
  /**
   * The date of every value, in milliseconds since 1970-01-01 UTC: that of the newest file, or the
   * environment's SOURCE_DATE_EPOCH, which is in seconds.
   */
  readonly modified: number
  /** What the module imports `crunched` from. */
  readonly library?: string
  /** How it holds the bytes: short in its source, unless told. */
  readonly form?: Form
}

/**
 * The source of a module whose `connect` gives the store: plain ECMAScript 2022. Two files of one path, or a
 * file where another needs a dictionary, throw: no folder holds them.
 */
export function generate(
  files: readonly CrunchFile[],
  { modified, library = '@mirage/kv-crunch', form = 'shorter' }: GenerateOptions,
): string {
  const { chunks, values, dictionaries } = crunch(files, modified, form)
  const size = values.reduce((sum, value) => sum + value[1], 0)
  return [
    `// Generated from ${values.length} files of ${size} bytes.`,
    `import { crunched } from ${JSON.stringify(library)}`,
    '',
    'const content = {',
    `  modified: ${modified},`,
    `  values: ${lines(values)},`,
    `  dictionaries: ${lines(dictionaries)},`,
    `  chunks: ${lines(chunks)},`,
    '}',
    '',
    'export function connect() {',
    '  return { ok: true, value: crunched(content) }',
    '}',
    '',
  ].join('\n')
}

/** The content of that module, as data. */
export function crunch(files: readonly CrunchFile[], modified: number, form: Form = 'shorter'): Crunched {
  const chunks = new Map<string, number>()
  const root = new Folder('')
  const values: CrunchedValue[] = []
  for (const { path, bytes } of sorted(files)) {
    const digest = digests.ofValue(bytes)
    root.add(Key.parse(path), digest)
    values.push([path, bytes.length, hex.format(digest), indices(bytes, chunks, form)])
  }
  const dictionaries: [string, string][] = []
  root.digest(dictionaries)
  return {
    modified,
    chunks: [...chunks.keys()],
    values,
    dictionaries: dictionaries.sort((a, b) => byText(a[0], b[0])),
  }
}

/** The chunks of `bytes` as indices of `chunks`, which gets those it does not have. */
function indices(bytes: Uint8Array, chunks: Map<string, number>, form: Form): number[] {
  const found: number[] = []
  for (let offset = 0; offset < bytes.length; offset += CHUNK_SIZE) {
    const chunk = emitChunk(bytes.subarray(offset, offset + CHUNK_SIZE), form)
    if (!chunks.has(chunk)) chunks.set(chunk, chunks.size)
    found.push(chunks.get(chunk)!)
  }
  return found
}

class Folder {
  readonly #path: string
  readonly #values = new Map<string, Uint8Array>()
  readonly #folders = new Map<string, Folder>()

  constructor(path: string) {
    this.#path = path
  }

  add(key: Key.Key, digest: Uint8Array): void {
    const [name, ...below] = key
    assert(name !== undefined && !this.#values.has(name), `no two files are called ${this.#path}/${name}`)
    if (below.length === 0) {
      assert(!this.#folders.has(name), `${this.#path}/${name} is a file or a folder`)
      this.#values.set(name, digest)
      return
    }
    const folder = this.#folders.get(name) ?? new Folder(this.#path === '' ? name : `${this.#path}/${name}`)
    this.#folders.set(name, folder)
    folder.add(Key.parse(below.join('/')), digest)
  }

  /** The digest of this folder, put into `all` with those below it. */
  digest(all: [path: string, digest: string][]): Uint8Array {
    const digest = digests.ofDictionary([
      ...[...this.#values].map(([name, each]) => ({ name, kind: 'value' as const, digest: each })),
      ...[...this.#folders].map(([name, folder]) => ({
        name,
        kind: 'dictionary' as const,
        digest: folder.digest(all),
      })),
    ])
    all.push([this.#path, hex.format(digest)])
    return digest
  }
}

function sorted(files: readonly CrunchFile[]): CrunchFile[] {
  return files
    .map(({ path, bytes }) => ({ path: Key.format(Key.parse(path)).slice(1), bytes }))
    .sort((a, b) => byText(a.path, b.path))
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1
}

/** A list with one element a line, in ASCII. */
function lines(elements: readonly unknown[]): string {
  return `[${elements.map((element) => `\n    ${ascii(JSON.stringify(element))},`).join('')}\n  ]`
}

function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
