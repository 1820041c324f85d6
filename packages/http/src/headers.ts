/** The fields of a request's head: RFC 9110 §5. */
import { COLON, LF, LOWER, isBlank } from './grammar.ts'
import * as latin1 from './latin1.ts'

/**
 * Fields by name, whatever its case, in the order in which they came. Nothing is decoded before it is asked
 * for: the bytes of the head are kept, and searched.
 */
export class Headers {
  private readonly bytes: Uint8Array
  private readonly start: number
  private readonly end: number
  private readonly filter: number

  /**
   * The field lines of `bytes` from `start` to `end`, which have been checked and do not change any more.
   * `filter` has the `filterBit` of every name in them.
   */
  constructor(bytes: Uint8Array, start: number, end: number, filter: number) {
    this.bytes = bytes
    this.start = start
    this.end = end
    this.filter = filter
  }

  has(name: string): boolean {
    return this.find(name, this.start) >= 0
  }

  /** The value, one character a byte; of a field that came several times, all of them, joined with `, `. */
  get(name: string): string | undefined {
    let line = this.find(name, this.start)
    if (line < 0) return undefined
    let joined = this.value(line + name.length + 1)
    while ((line = this.find(name, lineAfter(this.bytes, line))) >= 0) {
      joined += `, ${this.value(line + name.length + 1)}`
    }
    return joined
  }

  /** Names as they were sent, and values; a name that came several times comes several times. */
  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    for (let line = this.start; line < this.end; line = lineAfter(this.bytes, line)) {
      const colon = this.bytes.indexOf(COLON, line)
      yield [latin1.decode(this.bytes, line, colon), this.value(colon + 1)]
    }
  }

  /** Where the first line from `line` on begins whose name is `name`; -1 if there is none. */
  private find(name: string, line: number): number {
    if (name.length === 0 || (this.filter & filterBit(name.charCodeAt(0), name.length)) === 0) return -1
    const { bytes, end } = this
    for (let at = line; at < end; at = lineAfter(bytes, at)) {
      if (bytes[at + name.length] === COLON && isName(bytes, at, name)) return at
    }
    return -1
  }

  private value(from: number): string {
    const { bytes } = this
    let start = from
    let end = lineAfter(bytes, from) - 2
    while (start < end && isBlank(bytes[start]!)) start++
    while (end > start && isBlank(bytes[end - 1]!)) end--
    return latin1.decode(bytes, start, end)
  }
}

/**
 * One bit of 32 for a name: most names that are not in a head are known to be absent without a search.
 * `first` is the name's first character.
 */
export function filterBit(first: number, length: number): number {
  return 1 << (((LOWER[first]! * 5) ^ length) & 31)
}

function isName(bytes: Uint8Array, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    if (LOWER[bytes[start + i]!] !== LOWER[name.charCodeAt(i)]) return false
  }
  return true
}

function lineAfter(bytes: Uint8Array, line: number): number {
  let at = line
  while (bytes[at] !== LF) at++
  return at + 1
}
