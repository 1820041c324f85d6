/**
 * A name server that knows one thing: where the question came from. RFC 1035 §4.
 *
 *      header, 12 bytes │ question: a name, a type, a class │ answer: where the name is, type, class, time to live, address
 */
import { type IpAddress, isIpv4, sizeOf, write } from '@mirage/address/ip'
import { copy } from '@mirage/bytes/copy'
import { getU16, setU16 } from '@mirage/bytes'

const HEADER_SIZE = 12
/** A response, by who has authority over the name. */
const RESPONSE = 0x8400
const RECURSION_DESIRED = 0x0100
const OPCODE = 0x7800
const FORMAT_ERROR = 1
const NOT_IMPLEMENTED = 4
const INTERNET = 1
const A = 1
const AAAA = 28
const ANY = 255
/** A name that is the question's: a pointer to behind the header. */
const POINTER = 0xc000 | HEADER_SIZE
const ANSWER_SIZE = 12
const NAME_SIZE_MAX = 255

/** The answer to `query` of `asker`; nothing to what is no query. */
export function answer(query: Uint8Array, asker: IpAddress): Uint8Array | undefined {
  if (query.length < HEADER_SIZE || (query[2]! & 0x80) !== 0) return undefined
  if ((getU16(query, 2) & OPCODE) !== 0) return respond(query, HEADER_SIZE, 0, NOT_IMPLEMENTED)
  const end = getU16(query, 4) === 1 ? endOfQuestion(query) : undefined
  if (end === undefined) return respond(query, HEADER_SIZE, 0, FORMAT_ERROR)
  const [type, own] = [getU16(query, end - 4), isIpv4(asker) ? A : AAAA]
  if (getU16(query, end - 2) !== INTERNET || (type !== own && type !== ANY)) return respond(query, end, 0, 0)
  const size = sizeOf(asker)
  const response = respond(query, end, ANSWER_SIZE + size, 0)
  setU16(response, 6, 1)
  for (const [index, word] of [POINTER, own, INTERNET, 0, 0, size].entries())
    setU16(response, end + 2 * index, word)
  write(response, end + ANSWER_SIZE, asker)
  return response
}

/** The header and, up to `end`, the question of `query`, with `more` bytes behind and no answer yet. */
function respond(query: Uint8Array, end: number, more: number, code: number): Uint8Array {
  const response = new Uint8Array(end + more)
  copy(response, 0, query, 0, end)
  setU16(response, 2, RESPONSE | (getU16(query, 2) & (OPCODE | RECURSION_DESIRED)) | code)
  setU16(response, 4, end > HEADER_SIZE ? 1 : 0)
  response.fill(0, 6, HEADER_SIZE)
  return response
}

/** Where the one question ends; nothing if it does not. A name in a question is not compressed. */
function endOfQuestion(query: Uint8Array): number | undefined {
  let at = HEADER_SIZE
  while (at < query.length && query[at] !== 0) {
    if (query[at]! > 63 || at - HEADER_SIZE > NAME_SIZE_MAX) return undefined
    at += 1 + query[at]!
  }
  const end = at + 5
  return end <= query.length ? end : undefined
}
