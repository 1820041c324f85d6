/** Responses on their way out, with the framing that the request allows: RFC 9112 §6 and §7. */
import type { Millis } from '@mirage/clock'
import { type Result, err } from '@mirage/result'
import type { Dates } from './dates.ts'
import { describe } from './describe.ts'
import * as latin1 from './latin1.ts'
import type { Output } from './output.ts'
import type { Presence } from './presence.ts'
import { type Response, type Stream, isBodiless } from './response.ts'

const CHUNKED = latin1.encode('transfer-encoding: chunked\r\n')
const CLOSE = latin1.encode('connection: close\r\n\r\n')
const KEEP_ALIVE = latin1.encode('connection: keep-alive\r\n\r\n')
const CONTINUE = latin1.encode('HTTP/1.1 100 Continue\r\n\r\n')
const CRLF = latin1.encode('\r\n')
const LAST_CHUNK = latin1.encode('0\r\n\r\n')
/** Bytes that follow `response.head` at most: date, encoding, connection, and the size of a first chunk. */
const TAIL_MAX = 256

/** What of the request, and of the connection, decides how a response is framed. */
export interface Framing {
  /** The client's minor version: 0 knows no chunks. */
  readonly minor: number
  /** Whether only the head is sent. */
  readonly isHead: boolean
  /** Whether another response may follow. */
  readonly isKept: boolean
}

/** Whether all of a response was handed to the flow; if not, whose fault it is. */
export type Sent = 'sent' | 'gone' | { readonly failed: string }

export class Sender {
  private readonly output: Output
  private readonly presence: Presence
  private readonly dates: Dates

  /** Sends through `output`, and stops waiting for streams when the peer is no longer there. */
  constructor(output: Output, presence: Presence, dates: Dates) {
    this.output = output
    this.presence = presence
    this.dates = dates
  }

  /** Gathers all of a short response at the instant `now`, or says no and does nothing. */
  put(response: Response, framing: Framing, now: Millis): boolean {
    const { output } = this
    const { body } = response
    if (!(body instanceof Uint8Array)) return false
    if (response.head.length + body.length + TAIL_MAX > output.room) return false
    const isPlain = framing.isKept && framing.minor > 0 && !framing.isHead
    const whole = isPlain ? response.whole(this.dates.line(now)) : undefined
    if (whole !== undefined) {
      output.putKept(whole)
      return true
    }
    this.putHead(response, framing, now)
    if (hasBody(response, framing)) output.put(body)
    return true
  }

  /** Sends a response that takes time, or gathers the end of it. */
  async send(response: Response, framing: Framing, now: Millis): Promise<Sent> {
    const { output } = this
    const { body } = response
    const isRoomy = output.room >= response.head.length + TAIL_MAX || (await output.flush())
    if (isRoomy) this.putHead(response, framing, now)
    if (isRoomy && hasBody(response, framing)) {
      if (body instanceof Uint8Array) return (await output.send(body)) ? 'sent' : 'gone'
      return this.sendStream(body, framing)
    }
    if (!(body instanceof Uint8Array)) body.cancel()
    return isRoomy ? 'sent' : 'gone'
  }

  /** Asks the client for the body that it holds back: RFC 9110 §15.2.1. False if the connection broke. */
  async sendContinue(): Promise<boolean> {
    const { output } = this
    if (output.room < CONTINUE.length && !(await output.flush())) return false
    output.put(CONTINUE)
    return output.flush()
  }

  private putHead(response: Response, { minor, isKept }: Framing, now: Millis): void {
    const { output } = this
    output.put(response.head)
    output.put(this.dates.line(now))
    if (!response.isSized && minor > 0) output.put(CHUNKED)
    output.put(!isKept ? CLOSE : minor === 0 ? KEEP_ALIVE : CRLF)
  }

  /** Sends pieces as they come, each as soon as it is there and the peer has room. */
  private async sendStream(stream: Stream, { minor }: Framing): Promise<Sent> {
    const isChunked = stream.length === undefined && minor > 0
    let left = stream.length ?? Number.POSITIVE_INFINITY
    this.presence.watch()
    for (;;) {
      const read = await this.presence.until(next(stream))
      if (read === 'gone') return cancelled(stream, 'gone')
      if (!read.ok) return { failed: read.error }
      const piece = read.value
      if (piece === 'eof') {
        if (isChunked) this.output.put(LAST_CHUNK)
        return stream.length === undefined || left === 0 ? 'sent' : { failed: 'its stream ended early' }
      }
      left -= piece.length
      if (left < 0) return cancelled(stream, { failed: 'its stream is longer than it said' })
      if (!(await this.sendPiece(piece, isChunked))) return cancelled(stream, 'gone')
    }
  }

  private async sendPiece(piece: Uint8Array, isChunked: boolean): Promise<boolean> {
    const { output } = this
    // A chunk of no bytes would be the last: RFC 9112 §7.1.
    if (piece.length === 0) return true
    if (isChunked) output.put(latin1.encode(`${piece.length.toString(16)}\r\n`))
    if (!(await output.send(piece))) return false
    if (isChunked) output.put(CRLF)
    return output.flush()
  }
}

function hasBody(response: Response, { isHead }: Framing): boolean {
  return !isHead && !isBodiless(response.status)
}

function cancelled(stream: Stream, sent: Sent): Sent {
  stream.cancel()
  return sent
}

/** A stream that throws has failed. */
async function next(stream: Stream): Promise<Result<Uint8Array | 'eof', string>> {
  try {
    return await stream.read()
  } catch (error) {
    return err(describe(error))
  }
}
