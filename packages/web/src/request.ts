/** What a handler is asked, Fetch standard §5.4, without what only concerns those who fetch. */
import { AbortController, AbortSignal } from './abort.ts'
import { Body, type BodyInit, extract, hasBody, share, take } from './body.ts'
import { Headers, type HeadersInit } from './headers.ts'
import { ReadableStream } from './streams.ts'
import { URL } from './url.ts'

/** How a request begins. Other fields of the standard are read over. */
export interface RequestInit {
  readonly method?: string
  readonly headers?: HeadersInit
  readonly body?: BodyInit | null
  readonly signal?: AbortSignal | null
  /** Of a body that is a stream: that the answer may only begin after it. */
  readonly duplex?: 'half'
  readonly redirect?: 'follow' | 'error' | 'manual'
}

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Methods that are the connection's own affair. */
const FORBIDDEN: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])
/** Methods that are also known in other cases. */
const NORMALIZED: ReadonlySet<string> = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'])

/** Method, address, fields, body. */
export class Request extends Body {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly duplex = 'half'
  readonly redirect: 'follow' | 'error' | 'manual'
  readonly #followed: AbortSignal | undefined
  #signal: AbortSignal | undefined

  constructor(input: Request | URL | string, init: RequestInit = {}) {
    const { method, headers, body, signal, duplex, redirect } = init ?? {}
    const model = input instanceof Request ? input : undefined
    const url = model?.url ?? urlOf(input)
    const itsMethod = method === undefined ? (model?.method ?? 'GET') : methodOf(method)
    const own = new Headers(headers ?? model?.headers)
    const isGiven = body !== null && body !== undefined
    const inherits = !isGiven && model !== undefined && hasBody(model)
    if ((isGiven || inherits) && (itsMethod === 'GET' || itsMethod === 'HEAD'))
      throw new TypeError('Request with GET/HEAD method cannot have body.')
    if (body instanceof ReadableStream && duplex !== 'half')
      throw new TypeError('RequestInit: duplex option is required when sending a body.')
    const { source, type } = extract(body)
    if (type !== undefined && !own.has('content-type')) own.set('content-type', type)
    super(inherits ? take(model) : source)
    this.method = itsMethod
    this.url = url
    this.headers = own
    this.redirect = redirect ?? model?.redirect ?? 'follow'
    this.#followed = (signal === undefined ? model?.signal : signal) ?? undefined
  }

  /** Aborts with the signal that the request was made with. Few handlers ask, so it is made for those that do. */
  get signal(): AbortSignal {
    this.#signal ??=
      this.#followed === undefined ? new AbortController().signal : AbortSignal.any([this.#followed])
    return this.#signal
  }

  /** One like it; both have the whole body. */
  clone(): Request {
    const { method, url, headers, redirect, signal } = this
    const body = share(this) as BodyInit | null
    return new Request(url, { method, headers, body, redirect, signal, duplex: 'half' })
  }

  get [Symbol.toStringTag](): string {
    return 'Request'
  }
}

function urlOf(input: unknown): string {
  const url = new URL(String(input))
  if (url.username !== '' || url.password !== '')
    throw new TypeError(`Request cannot be constructed from a URL that includes credentials: ${url.href}`)
  return url.href
}

function methodOf(method: unknown): string {
  const text = String(method)
  const upper = text.toUpperCase()
  if (!TOKEN.test(text) || FORBIDDEN.has(upper)) throw new TypeError(`'${text}' is not a valid HTTP method.`)
  return NORMALIZED.has(upper) ? upper : text
}
