/** What a handler answers, Fetch standard §5.5. */
import { Body, type BodyInit, extract, share } from './body.ts'
import { Headers, type HeadersInit, freeze, isFrozen } from './headers.ts'
import { URL } from './url.ts'

/** How a response begins. */
export interface ResponseInit {
  readonly status?: number
  readonly statusText?: unknown
  readonly headers?: HeadersInit
}

/** A status that says that there is no body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304])
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
/** RFC 9112 §4, reason-phrase. */
const REASON = /^[\t\x20-\x7e\x80-\xff]*$/

/** Says that the response is an error: no other init can. */
const ERROR: ResponseInit = {}

/** Status, fields, body. */
export class Response extends Body {
  readonly status: number
  readonly statusText: string
  readonly headers: Headers
  readonly type: 'default' | 'error'
  /** Of responses that come from elsewhere; ours do not. */
  readonly url: string = ''
  readonly redirected: boolean = false

  constructor(body?: BodyInit | null, init: ResponseInit = {}) {
    const { status = 200, statusText = '', headers } = init ?? {}
    const code = init === ERROR ? 0 : statusOf(status)
    if (!REASON.test(String(statusText))) throw new TypeError('Invalid statusText')
    const own = new Headers(headers)
    const { source, type } = extract(body)
    if (source !== null && BODILESS.has(code))
      throw new TypeError(`a response with status ${code} has no body`)
    if (type !== undefined && !own.has('content-type')) own.set('content-type', type)
    super(source)
    this.status = code
    this.statusText = String(statusText)
    this.headers = own
    this.type = code === 0 ? 'error' : 'default'
  }

  /** The response of what failed: it can be told from every other, and has nothing. */
  static error(): Response {
    const response = new Response(null, ERROR)
    freeze(response.headers)
    return response
  }

  /** A response whose body is the JSON of `data`. */
  static json(data: unknown, init: ResponseInit = {}): Response {
    const text = JSON.stringify(data) as string | undefined
    if (text === undefined) throw new TypeError('the value has no JSON')
    const headers = new Headers(init.headers)
    if (!headers.has('content-type')) headers.set('content-type', 'application/json')
    return new Response(text, { ...init, headers })
  }

  /** A response that leads to `url`. */
  static redirect(url: unknown, status = 302): Response {
    const location = new URL(String(url)).href
    if (!REDIRECTS.has(status)) throw new RangeError(`Invalid status code ${status}`)
    const response = new Response(null, { status, headers: { location } })
    freeze(response.headers)
    return response
  }

  get ok(): boolean {
    return this.status >= 200 && this.status <= 299
  }

  /** One like it; both have the whole body. */
  clone(): Response {
    const { status, statusText, headers } = this
    const init = status === 0 ? ERROR : { status, statusText, headers }
    const copy = new Response(share(this), init)
    if (isFrozen(headers)) freeze(copy.headers)
    return copy
  }

  get [Symbol.toStringTag](): string {
    return 'Response'
  }
}

function statusOf(status: unknown): number {
  const code = Math.trunc(Number(status)) & 0xffff
  if (code < 200 || code > 599) throw new RangeError('init["status"] must be in the range of 200 to 599')
  return code
}
