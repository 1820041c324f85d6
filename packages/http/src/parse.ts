/**
 * Request heads, RFC 9112 §2 to §3 and RFC 9110 §5, read as they arrive and refused where two readers could
 * disagree about what they say.
 *
 *      method SP target SP HTTP/1.x CR LF
 *      name ":" OWS value OWS CR LF           any number of times
 *      CR LF
 *
 * A line is looked at when it is complete, and the search for its end goes on where it stopped. Once `parse`
 * says `done`, every byte of the head has been checked and the framing of the body is known.
 */
import { COLON, CR, HOST, LF, SP, TARGET, TOKEN, VALUE, isBlank, isText, listHas } from './grammar.ts'
import { filterBit } from './headers.ts'

/** How large a head may be. */
export interface HeadLimits {
  /** Bytes of the request line with its CR LF. */
  readonly requestLineMax: number
  /** Bytes of the whole head. */
  readonly headSizeMax: number
  readonly fieldCountMax: number
}

/** Why a head is refused. */
export type HeadError =
  | 'bad-request-line'
  | 'bad-target'
  | 'unsupported-version'
  | 'unsupported-method'
  | 'request-line-too-long'
  | 'head-too-large'
  | 'too-many-fields'
  /** A CR without LF, or an LF without CR. */
  | 'bad-line-end'
  /** No colon, no name, a space before the colon, or a character that names do not have. */
  | 'bad-field-name'
  | 'bad-field-value'
  /** A line that continues the one before: obs-fold, RFC 9112 §5.2. */
  | 'folded-field'
  | 'bad-host'
  | 'bad-content-length'
  | 'length-and-encoding'
  | 'bad-transfer-encoding'
  | 'unsupported-transfer-encoding'
  | 'unsupported-expectation'

/** The status that answers each. */
export const STATUS_OF: Readonly<Record<HeadError, number>> = {
  'bad-request-line': 400,
  'bad-target': 400,
  'unsupported-version': 505,
  'unsupported-method': 501,
  'request-line-too-long': 414,
  'head-too-large': 431,
  'too-many-fields': 431,
  'bad-line-end': 400,
  'bad-field-name': 400,
  'bad-field-value': 400,
  'folded-field': 400,
  'bad-host': 400,
  'bad-content-length': 400,
  'length-and-encoding': 400,
  'bad-transfer-encoding': 400,
  'unsupported-transfer-encoding': 501,
  'unsupported-expectation': 417,
}

/** A head while it is read, and after. Offsets are relative to its first byte, since buffers move. */
export class Head {
  methodStart = 0
  methodEnd = 0
  targetStart = 0
  targetEnd = 0
  /** Where the authority of an absolute-form target lies; empty for every other form. */
  authorityStart = 0
  authorityEnd = 0
  /** Where the path begins: at `targetStart`, or after the authority. Empty for `*`. */
  pathStart = 0
  /** The minor version: 0 or 1. */
  minor = 1
  fieldsStart = 0
  /** After the last field's CR LF. */
  fieldsEnd = 0
  /** Which names may be among the fields: see `Headers`. */
  filter = 0
  /** Bytes of the body; 0 without one, and where it is chunked. */
  contentLength = 0
  isChunked = false
  /** Whether the client asked, or is known, to send more requests on this connection. */
  isKeptAlive = true
  expectsContinue = false

  /** The path, once it was decoded, of all requests with these bytes. */
  path: string | undefined = undefined

  /** Bytes of the head that have been parsed; of all of it, and the empty line, once done. */
  length = 0
  private scanned = 0
  private isStarted = false
  private fieldCount = 0
  private hostCount = 0
  private hasLength = false
  private hasEncoding = false
  private mayKeepAlive = false
  private mustClose = false

  /** Whether some of it has been looked at. */
  get isBegun(): boolean {
    return this.scanned > 0 || this.length > 0
  }

  /**
   * Reads on in `bytes`, where this head begins at `base` and what has arrived ends at `end`. `more` asks to
   * be called again when more has arrived: with the same bytes from `base` on, wherever they are by then.
   */
  parse(bytes: Uint8Array, base: number, end: number, limits: HeadLimits): 'more' | 'done' | HeadError {
    let at = base + this.scanned
    for (;;) {
      while (at < end && bytes[at] !== LF) at++
      const size = at - base
      if (!this.isStarted && size - this.length >= limits.requestLineMax) return 'request-line-too-long'
      if (size >= limits.headSizeMax) return 'head-too-large'
      if (at === end) {
        this.scanned = size
        return this.isStarted || end === base || mayBegin(bytes[base]!) ? 'more' : 'bad-request-line'
      }
      const start = base + this.length
      if (at === start || bytes[at - 1] !== CR) return 'bad-line-end'
      const state = this.line(bytes, base, start, at - 1, limits)
      at++
      this.length = at - base
      if (state !== 'more') return state
    }
  }

  private line(
    bytes: Uint8Array,
    base: number,
    start: number,
    end: number,
    limits: HeadLimits,
  ): 'more' | 'done' | HeadError {
    if (this.isStarted) {
      if (start < end) return this.field(bytes, start, end, limits)
      this.fieldsEnd = start - base
      return this.finish()
    }
    // One empty line before the request is tolerated, RFC 9112 §2.2: some clients end a body with it.
    if (start === end) return start === base ? 'more' : 'bad-request-line'
    this.isStarted = true
    this.fieldsStart = end + 2 - base
    return this.requestLine(bytes, base, start, end)
  }

  private requestLine(bytes: Uint8Array, base: number, start: number, end: number): 'more' | HeadError {
    let at = start
    while (TOKEN[bytes[at]!] === 1) at++
    if (at === start || bytes[at] !== SP) return badLine(bytes, at, end)
    this.methodStart = start - base
    this.methodEnd = at - base
    const target = ++at
    while (TARGET[bytes[at]!] === 1) at++
    if (at === target || bytes[at] !== SP) return badLine(bytes, at, end)
    this.targetStart = target - base
    this.targetEnd = at - base
    const version = this.version(bytes, at + 1, end)
    if (version !== 'more') return version
    if (isMethod(bytes, start, target - 1, 'CONNECT')) return 'unsupported-method'
    return this.target(bytes, base, start, target, at)
  }

  private version(bytes: Uint8Array, start: number, end: number): 'more' | HeadError {
    const major = bytes[start + 5]! - 0x30
    const minor = bytes[start + 7]! - 0x30
    const isWellFormed =
      end - start === 8 &&
      bytes[start] === 0x48 &&
      bytes[start + 1] === 0x54 &&
      bytes[start + 2] === 0x54 &&
      bytes[start + 3] === 0x50 &&
      bytes[start + 4] === 0x2f &&
      bytes[start + 6] === 0x2e &&
      isDigit(major) &&
      isDigit(minor)
    if (!isWellFormed) return badLine(bytes, start, end)
    if (major !== 1) return 'unsupported-version'
    // A later minor version is answered as 1.1, the highest we speak: RFC 9110 §2.5.
    this.minor = minor === 0 ? 0 : 1
    return 'more'
  }

  /** The forms of RFC 9112 §3.2. The authority-form is for CONNECT, which was refused. */
  private target(
    bytes: Uint8Array,
    base: number,
    method: number,
    start: number,
    end: number,
  ): 'more' | HeadError {
    this.pathStart = start - base
    if (bytes[start] === 0x2f) return 'more'
    if (bytes[start] === 0x2a && end - start === 1) {
      return isMethod(bytes, method, start - 1, 'OPTIONS') ? 'more' : 'bad-target'
    }
    const scheme = isText(bytes, start, start + 7, 'http://')
      ? 7
      : isText(bytes, start, start + 8, 'https://')
        ? 8
        : 0
    if (scheme === 0) return 'bad-target'
    let at = start + scheme
    while (at < end && bytes[at] !== 0x2f && bytes[at] !== 0x3f) at++
    if (at === start + scheme || !isHost(bytes, start + scheme, at)) return 'bad-target'
    this.authorityStart = start + scheme - base
    this.authorityEnd = at - base
    this.pathStart = at - base
    return 'more'
  }

  private field(bytes: Uint8Array, start: number, end: number, limits: HeadLimits): 'more' | HeadError {
    if (++this.fieldCount > limits.fieldCountMax) return 'too-many-fields'
    let at = start
    while (TOKEN[bytes[at]!] === 1) at++
    if (at === start || bytes[at] !== COLON) {
      if (isBlank(bytes[start]!)) return 'folded-field'
      return at < end && bytes[at] === CR ? 'bad-line-end' : 'bad-field-name'
    }
    const length = at - start
    let from = at + 1
    for (at = from; at < end; at++) {
      if (VALUE[bytes[at]!] === 0) return bytes[at] === CR ? 'bad-line-end' : 'bad-field-value'
    }
    let to = end
    while (from < to && isBlank(bytes[from]!)) from++
    while (to > from && isBlank(bytes[to - 1]!)) to--
    this.filter |= filterBit(bytes[start]!, length)
    return this.known(bytes, start, length, from, to)
  }

  /** The fields that say where the message ends, and the few others that the server itself acts on. */
  private known(
    bytes: Uint8Array,
    name: number,
    length: number,
    start: number,
    end: number,
  ): 'more' | HeadError {
    switch (length) {
      case 4:
        if (isText(bytes, name, name + 4, 'host')) return this.host(bytes, start, end)
        break
      case 6:
        if (isText(bytes, name, name + 6, 'expect')) {
          if (!isText(bytes, start, end, '100-continue')) return 'unsupported-expectation'
          this.expectsContinue = true
        }
        break
      case 10:
        if (isText(bytes, name, name + 10, 'connection')) {
          if (listHas(bytes, start, end, 'close')) this.mustClose = true
          if (listHas(bytes, start, end, 'keep-alive')) this.mayKeepAlive = true
        }
        break
      case 14:
        if (isText(bytes, name, name + 14, 'content-length')) return this.bodyLength(bytes, start, end)
        break
      case 17:
        if (isText(bytes, name, name + 17, 'transfer-encoding')) return this.encoding(bytes, start, end)
        break
      default:
    }
    return 'more'
  }

  private host(bytes: Uint8Array, start: number, end: number): 'more' | HeadError {
    if (++this.hostCount > 1 || !isHost(bytes, start, end)) return 'bad-host'
    return 'more'
  }

  /** Digits, and once: a list of equal lengths may be accepted, RFC 9112 §6.3, and is better refused. */
  private bodyLength(bytes: Uint8Array, start: number, end: number): 'more' | HeadError {
    // 15 digits stay exact in a number, and no body is longer.
    if (this.hasLength || start === end || end - start > 15) return 'bad-content-length'
    this.hasLength = true
    for (let at = start; at < end; at++) {
      const digit = bytes[at]! - 0x30
      if (!isDigit(digit)) return 'bad-content-length'
      this.contentLength = this.contentLength * 10 + digit
    }
    return 'more'
  }

  private encoding(bytes: Uint8Array, start: number, end: number): 'more' | HeadError {
    if (this.hasEncoding || start === end) return 'bad-transfer-encoding'
    this.hasEncoding = true
    this.isChunked = isText(bytes, start, end, 'chunked')
    if (this.isChunked) return 'more'
    // Without `chunked` last, and only there, the end of the body is unknown: RFC 9112 §6.3.
    const comma = bytes.subarray(start, end).lastIndexOf(0x2c)
    return comma >= 0 && listHas(bytes, start, start + comma, 'chunked')
      ? 'bad-transfer-encoding'
      : 'unsupported-transfer-encoding'
  }

  private finish(): 'done' | HeadError {
    if (this.hasEncoding && this.hasLength) return 'length-and-encoding'
    // A 1.0 client does not know of encodings: its message may have been passed on by one who did not either.
    if (this.hasEncoding && this.minor === 0) return 'bad-transfer-encoding'
    if (this.hostCount === 0 && this.minor > 0) return 'bad-host'
    this.isKeptAlive = !this.mustClose && (this.minor > 0 || this.mayKeepAlive)
    // RFC 9110 §10.1.1: from a 1.0 client it is ignored, and without a body there is nothing to wait for.
    if (this.minor === 0 || (this.contentLength === 0 && !this.isChunked)) this.expectsContinue = false
    return 'done'
  }
}

/** The error of a request line that is wrong at `at`: what ends in a CR of its own is not a line. */
function badLine(bytes: Uint8Array, at: number, end: number): HeadError {
  return at < end && bytes[at] === CR ? 'bad-line-end' : 'bad-request-line'
}

/** What cannot begin a request, such as a TLS hello, is refused before its first line ends. */
function mayBegin(byte: number): boolean {
  return TOKEN[byte] === 1 || byte === CR
}

function isDigit(value: number): boolean {
  return value >= 0 && value <= 9
}

function isHost(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (HOST[bytes[at]!] === 0) return false
  return true
}

/** Methods are case-sensitive. */
function isMethod(bytes: Uint8Array, start: number, end: number, method: string): boolean {
  if (end - start !== method.length) return false
  for (let i = 0; i < method.length; i++) if (bytes[start + i] !== method.charCodeAt(i)) return false
  return true
}
