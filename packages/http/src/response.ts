/** A response as a handler gives it: RFC 9110 §6 and §15. */
import { concat } from '@mirage/bytes'
import * as utf8 from '@mirage/bytes/utf8'
import { type Result, assert } from '@mirage/result'
import { TOKEN, VALUE } from './grammar.ts'
import * as latin1 from './latin1.ts'
import { reason } from './status.ts'

/** A body that is made while it is sent. The server reads it, one piece at a time, as fast as the peer does. */
export interface Stream {
  /** How many bytes it has, where that is known; without it the response is chunked. */
  readonly length?: number
  /** The next bytes, which must not change until the next read; `'eof'` after the last. */
  read(): Promise<Result<Uint8Array | 'eof', string>>
  /** No more will be read. Not called after `'eof'` or an error. */
  cancel(): void
}

/** Names and values, in the order in which they are sent; a list is sent as that many fields. */
export type Fields = Readonly<Record<string, string | readonly string[]>>

/** What the server alone says of a message, since it alone knows. */
export const RESERVED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
])

const CRLF = latin1.encode('\r\n')
/** A body up to this size is kept a second time, behind its head, once the response was given twice. */
const WHOLE_MAX = 4096
/** Bytes of status line and fields: what an output buffer holds with room to spare. */
const HEAD_MAX = 32768

/**
 * A response never changes: one whose body is bytes may be given to any number of requests, and then its
 * head is made once.
 *
 * A status outside 200 to 599, a name or value that HTTP does not allow, and a field that is the server's
 * (`connection`, `content-length`, `date`, `keep-alive`, `transfer-encoding`) throw.
 */
export class Response {
  readonly status: number
  readonly body: Uint8Array | Stream
  /** Whether the connection is closed after it. */
  readonly closes: boolean
  /** For the connection: the head up to the fields that differ each time, each line with its CR LF. */
  readonly head: Uint8Array
  /** What it was last sent with, and all of it, from the second time on. */
  private tail: Uint8Array | undefined = undefined
  private joined: Uint8Array | undefined = undefined

  /** A text is sent as UTF-8; bytes are not copied, and must not change any more. */
  constructor(status: number, fields: Fields = {}, body: Uint8Array | string | Stream = '', closes = false) {
    assert(Number.isInteger(status) && status >= 200 && status <= 599, 'a response has a final status')
    this.status = status
    this.body = typeof body === 'string' ? utf8.encode(body) : body
    this.closes = closes
    this.head = latin1.encode(`HTTP/1.1 ${status} ${reason(status)}\r\n${lines(fields)}${this.lengthLine()}`)
    assert(this.head.length <= HEAD_MAX, 'the head of a response is at most 32 KiB')
  }

  /** Whether the length of the body is known before it is sent, or there can be none. */
  get isSized(): boolean {
    return isBodiless(this.status) || this.body.length !== undefined
  }

  /**
   * For the connection: the head, `tail`, an empty line and the body, in one piece, if it has been asked for with the same
   * `tail` before: one copy instead of four, of 25 ns each.
   */
  whole(tail: Uint8Array): Uint8Array | undefined {
    const { head, body } = this
    if (this.tail !== tail) {
      this.tail = tail
      this.joined = undefined
    } else if (this.joined === undefined && body instanceof Uint8Array && body.length <= WHOLE_MAX) {
      this.joined = concat(isBodiless(this.status) ? [head, tail, CRLF] : [head, tail, CRLF, body])
    }
    return this.joined
  }

  private lengthLine(): string {
    // RFC 9110 §8.6: never with 204; with 304 it would be the length of what was not asked for.
    if (isBodiless(this.status) || this.body.length === undefined) return ''
    return `content-length: ${this.body.length}\r\n`
  }
}

/** Whether a response of this status ends with its head: RFC 9112 §6.3. */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 304
}

/** A short answer for a person: the text, as plain text. */
export function text(status: number, body: string, fields: Fields = {}): Response {
  return new Response(status, { 'content-type': 'text/plain; charset=utf-8', ...fields }, body)
}

/** What the status is called, for a person: the body of every error that the server itself answers. */
export function plain(status: number, fields: Fields = {}, closes = false): Response {
  const all = { 'content-type': 'text/plain; charset=utf-8', ...fields }
  return new Response(status, all, `${status} ${reason(status)}\n`, closes)
}

function lines(fields: Fields): string {
  let all = ''
  for (const name of Object.keys(fields)) {
    assert(isAll(name, TOKEN) && name !== '', 'a field name is a token')
    assert(!RESERVED.has(name.toLowerCase()), `the field ${name} is the server's`)
    const value = fields[name]!
    for (const each of typeof value === 'string' ? [value] : value) {
      assert(isAll(each, VALUE), `the value of ${name} has no control characters, and none above 255`)
      all += `${name}: ${each}\r\n`
    }
  }
  return all
}

function isAll(characters: string, allowed: Uint8Array): boolean {
  for (let i = 0; i < characters.length; i++) if (allowed[characters.charCodeAt(i)] !== 1) return false
  return true
}
