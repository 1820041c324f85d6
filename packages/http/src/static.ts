/**
 * Files from a store, as a handler: RFC 9110 §8 (metadata), §13 (conditions), §14 (ranges).
 *
 * A value is served under its key. A dictionary is served by its `index.html`, under its key and a slash.
 * Small values are kept, with the response made, and asked for again when some time has passed; large ones
 * are read from the store while they are sent, a piece at a time.
 */
import * as bytes from '@mirage/bytes'
import * as hex from '@mirage/bytes/hex'
import { type Millis, type WallTime, compare, toEpochMs } from '@mirage/clock'
import { type Source, source } from '@mirage/console/logs'
import type { KvError, KvReader } from '@mirage/kv'
import * as Key from '@mirage/kv/key'
import { type Result, err, ok } from '@mirage/result'
import * as conditional from './conditional.ts'
import { contentType } from './content-type.ts'
import * as date from './date.ts'
import { keyOf } from './path.ts'
import type { Handler } from './handler.ts'
import type { Request } from './request.ts'
import { type Fields, Response, type Stream, plain } from './response.ts'

const log: Source = source('http.static')

/** One read from the store while a large value is sent: a folder is 1.5 times as fast as by 64 KiB, and no faster by 256. */
const PIECE_SIZE = 131_072
/** Bytes of a digest that its entity tag has: enough that two values never have the same. */
const ETAG_BYTES = 16

/** How a site is served; every field has a default. */
export interface StaticOptions {
  /** Values up to this many bytes are kept; 64 KiB unless told. */
  readonly keptSizeMax?: number
  /** Bytes that all kept values have together, at most; 16 MiB unless told. */
  readonly keptTotalMax?: number
  /**
   * How long a kept value is served before the store is asked whether it changed: a second unless told. 0
   * asks every time; infinity never, which is right for a store that cannot change.
   */
  readonly freshFor?: Millis
  /** `Cache-Control` of every file; none unless told. */
  readonly cacheControl?: string
}

/** What is known of a value. Of a large one it is kept too, since its digest may take long to make. */
interface File {
  readonly key: Key.Key
  readonly size: number
  readonly digest: Uint8Array
  readonly modified: WallTime
  readonly validators: conditional.Validators
  readonly fields: Fields
  /** The whole response, of a value small enough to be kept. */
  readonly response: Response | undefined
}

interface Kept {
  readonly file: File
  /** Until when it is served unasked, on the server's clock. */
  freshUntil: Millis
}

/** Answers GET and HEAD from `store`, and from nothing else. */
export function files(store: KvReader, options: StaticOptions = {}): Handler {
  const site = new Site(store, options)
  return (request) => site.answer(request)
}

class Site {
  private readonly store: KvReader
  private readonly keptSizeMax: number
  private readonly keptTotalMax: number
  private readonly freshFor: Millis
  private readonly always: Fields
  /** By path as it is asked for, oldest first. */
  private readonly kept = new Map<string, Kept>()
  private keptTotal = 0

  constructor(store: KvReader, options: StaticOptions) {
    this.store = store
    this.keptSizeMax = options.keptSizeMax ?? 65536
    this.keptTotalMax = options.keptTotalMax ?? 16777216
    this.freshFor = options.freshFor ?? 1000
    const { cacheControl } = options
    this.always = {
      'x-content-type-options': 'nosniff',
      ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }),
    }
  }

  answer(request: Request): Response | Promise<Response> {
    const { method, path } = request
    if (method !== 'GET' && method !== 'HEAD') return plain(405, { allow: 'GET, HEAD' })
    const kept = this.kept.get(path)
    if (kept !== undefined && request.receivedAt < kept.freshUntil) return this.respond(request, kept.file)
    return this.look(request, path)
  }

  private async look(request: Request, path: string): Promise<Response> {
    const key = keyOf(path)
    if (key === undefined) return plain(400)
    const file = await this.file(path, key, request.receivedAt)
    if (file.ok) return this.respond(request, file.value)
    if (file.error.kind === 'value-expected' && !path.endsWith('/')) {
      // The key is encoded anew, so that the location is a path of this site whatever was asked for.
      return plain(301, { location: `${pathOf(key)}/${request.query}` })
    }
    return this.missing(request, file.error)
  }

  /** What `path` names, from what is kept if it is still so. */
  private async file(path: string, key: Key.Key, now: Millis): Promise<Result<File, KvError>> {
    const kept = this.kept.get(path)
    if (kept !== undefined) {
      if (await this.isUnchanged(kept.file)) {
        kept.freshUntil = now + this.freshFor
        return ok(kept.file)
      }
      this.forget(path, kept)
    }
    const file = await this.read(path.endsWith('/') ? index(key) : key)
    if (file.ok) this.keep(path, { file: file.value, freshUntil: now + this.freshFor })
    return file
  }

  private async isUnchanged(file: File): Promise<boolean> {
    if (file.response !== undefined) {
      const digest = await this.store.digest(file.key)
      return digest.ok && bytes.equal(digest.value, file.digest)
    }
    const size = await this.store.size(file.key)
    if (!size.ok || size.value !== file.size) return false
    const modified = await this.store.lastModified(file.key)
    return modified.ok && compare(modified.value, file.modified) === 0
  }

  private async read(key: Key.Key): Promise<Result<File, KvError>> {
    const kind = await this.store.exists(key)
    if (!kind.ok) return kind
    if (kind.value === undefined) return err({ kind: 'not-found', key })
    if (kind.value === 'dictionary') return err({ kind: 'value-expected', key })
    const [size, digest, modified] = await Promise.all([
      this.store.size(key),
      this.store.digest(key),
      this.store.lastModified(key),
    ])
    if (!size.ok) return size
    if (!digest.ok) return digest
    if (!modified.ok) return modified
    const validators = {
      etag: `"${hex.format(digest.value.subarray(0, ETAG_BYTES))}"`,
      lastModifiedMs: Math.floor(toEpochMs(modified.value) / 1000) * 1000,
    }
    const fields = this.fields(key, validators)
    const file = { key, size: size.value, digest: digest.value, modified: modified.value, validators, fields }
    if (size.value > this.keptSizeMax) return ok({ ...file, response: undefined })
    const value = await this.store.get(key)
    if (!value.ok) return value
    return ok({ ...file, size: value.value.length, response: new Response(200, fields, value.value) })
  }

  private fields(key: Key.Key, { etag, lastModifiedMs }: conditional.Validators): Fields {
    return {
      'content-type': contentType(Key.basename(key)),
      'last-modified': date.format(lastModifiedMs),
      etag,
      'accept-ranges': 'bytes',
      ...this.always,
    }
  }

  private respond(request: Request, file: File): Response {
    const { validators, fields, size } = file
    const { headers } = request
    const precondition = conditional.precondition(headers, validators)
    if (precondition === 'failed') return plain(412)
    if (precondition === 'not-modified') {
      return new Response(304, {
        'last-modified': fields['last-modified']!,
        etag: validators.etag,
        ...this.always,
      })
    }
    const range = request.method === 'GET' ? conditional.range(headers, validators, size) : 'whole'
    if (range === 'unsatisfiable') return plain(416, { 'content-range': `bytes */${size}` })
    if (range === 'whole') return file.response ?? new Response(200, fields, this.stream(file, 0, size))
    const partial = { ...fields, 'content-range': `bytes ${range.start}-${range.end - 1}/${size}` }
    const body = file.response?.body
    return new Response(
      206,
      partial,
      body instanceof Uint8Array
        ? body.subarray(range.start, range.end)
        : this.stream(file, range.start, range.end),
    )
  }

  private stream({ key }: File, start: number, end: number): Stream {
    const { store } = this
    let offset = start
    return {
      length: end - start,
      cancel() {},
      async read() {
        if (offset === end) return ok('eof')
        const piece = await store.getPartial(key, offset, Math.min(PIECE_SIZE, end - offset))
        if (!piece.ok) return err(`${Key.format(key)}: ${piece.error.kind}`)
        // Meanwhile it became shorter: what is missing will not come.
        if (piece.value.length === 0) return err(`${Key.format(key)}: it is shorter than it was`)
        offset += piece.value.length
        return ok(piece.value)
      },
    }
  }

  private async missing(request: Request, error: KvError): Promise<Response> {
    if (error.kind === 'storage') {
      log.error(`${request.path}: ${error.reason}`)
      return plain(500)
    }
    const page = await this.file('/404.html', NOT_FOUND_KEY, request.receivedAt)
    if (!page.ok) return plain(404)
    const { response } = page.value
    const fields = { 'content-type': contentType('404.html'), ...this.always }
    return response === undefined ? plain(404) : new Response(404, fields, response.body)
  }

  /** Makes room by forgetting what was kept first. */
  private keep(path: string, kept: Kept): void {
    const before = this.kept.get(path)
    if (before !== undefined) this.forget(path, before)
    this.kept.set(path, kept)
    this.keptTotal += costOf(path, kept)
    for (const [oldest, other] of this.kept) {
      if (this.keptTotal <= this.keptTotalMax) return
      this.forget(oldest, other)
    }
  }

  private forget(path: string, kept: Kept): void {
    // Another request may have replaced it meanwhile.
    if (this.kept.get(path) !== kept) return
    this.kept.delete(path)
    this.keptTotal -= costOf(path, kept)
  }
}

const NOT_FOUND_KEY = Key.parse('404.html')

/** Bytes that an entry is counted with: its body, its path, and what the rest of it needs. */
function costOf(path: string, { file }: Kept): number {
  return (file.response === undefined ? 0 : file.size) + path.length + 1024
}

function index(dictionary: Key.Key): Key.Key {
  return Key.append(dictionary, Key.parse('index.html'))
}

/** Every byte but the unreserved ones encoded: RFC 3986 §2.3. */
function pathOf(key: Key.Key): string {
  return `/${key.map((segment) => encodeURIComponent(segment)).join('/')}`
}
