/** A request as a handler sees it: RFC 9110 §6 and §7. */
import type { Endpoint } from '@mirage/address/endpoint'
import type { Millis } from '@mirage/clock'
import type { Body } from './body.ts'
import { Headers } from './headers.ts'
import * as latin1 from './latin1.ts'
import type { Head } from './parse.ts'

const QUESTION = 0x3f

/** The connection that a request came on. */
export interface Peer {
  readonly remote: Endpoint | undefined
  /** Notices from now on, also while nothing is read or written, when the connection breaks. */
  watch(): void
}

/** The head is checked, and decoded where it is asked for. It may be kept; its body ends with the response. */
export class Request {
  /** As it was sent: methods are case-sensitive. */
  readonly method: string
  readonly body: Body
  /** When the request had arrived, on the clock of the server. */
  readonly receivedAt: Millis
  private readonly peer: Peer
  private readonly head: Head
  private readonly bytes: Uint8Array
  private readonly base: number
  private headersRead: Headers | undefined = undefined
  private goneTasks: (() => void)[] | undefined = undefined
  private isGone = false

  /** `head` was read from `bytes` at `base`: they do not change any more. */
  constructor(head: Head, bytes: Uint8Array, base: number, body: Body, receivedAt: Millis, peer: Peer) {
    this.head = head
    this.bytes = bytes
    this.base = base
    this.method = methodOf(bytes, base + head.methodStart, base + head.methodEnd)
    this.body = body
    this.receivedAt = receivedAt
    this.peer = peer
  }

  /** The other end, where the flow knows it. */
  get remote(): Endpoint | undefined {
    return this.peer.remote
  }

  get headers(): Headers {
    return (this.headersRead ??= new Headers(
      this.bytes,
      this.base + this.head.fieldsStart,
      this.base + this.head.fieldsEnd,
      this.head.filter,
    ))
  }

  /** 1 of HTTP/1.1, 0 of HTTP/1.0. */
  get minor(): number {
    return this.head.minor
  }

  /** The path as it was sent, percent-encoded, without the query: it begins with `/`, or is `*`. */
  get path(): string {
    return (this.head.path ??= this.decodePath())
  }

  /** The query with its `?`; empty without one. */
  get query(): string {
    const end = this.pathEnd()
    return this.decode(end - this.base, this.head.targetEnd)
  }

  /** Path and query: what an origin-form target says, also where the client sent the absolute form. */
  get target(): string {
    return this.path + this.query
  }

  /** The authority that the client asks for: of the target, else of `Host`; empty if neither names one. */
  get host(): string {
    const { authorityStart, authorityEnd } = this.head
    // RFC 9112 §3.2.2: with an absolute-form target the Host field is ignored.
    if (authorityEnd > authorityStart) return this.decode(authorityStart, authorityEnd)
    return this.headers.get('host') ?? ''
  }

  /** Runs `task` once if the connection breaks before the response is complete, or did already. */
  onGone(task: () => void): void {
    if (this.isGone) return task()
    if (this.goneTasks === undefined) this.peer.watch()
    this.goneTasks ??= []
    this.goneTasks.push(task)
  }

  /** For the connection: it broke. */
  gone(): void {
    if (this.isGone) return
    this.isGone = true
    for (const task of this.goneTasks ?? []) task()
  }

  private decodePath(): string {
    const start = this.base + this.head.pathStart
    const end = this.pathEnd()
    // An absolute form may leave the path out: RFC 9112 §3.2.1.
    return end === start ? '/' : latin1.decode(this.bytes, start, end)
  }

  private pathEnd(): number {
    const end = this.base + this.head.targetEnd
    let at = this.base + this.head.pathStart
    while (at < end && this.bytes[at] !== QUESTION) at++
    return at
  }

  private decode(start: number, end: number): string {
    return start === end ? '' : latin1.decode(this.bytes, this.base + start, this.base + end)
  }
}

/** The method of nearly every request costs no decoding. */
function methodOf(bytes: Uint8Array, start: number, end: number): string {
  if (end - start === 3 && bytes[start] === 0x47 && bytes[start + 1] === 0x45 && bytes[start + 2] === 0x54) {
    return 'GET'
  }
  return latin1.decode(bytes, start, end)
}
