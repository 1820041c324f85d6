/**
 * Domain names in an option: RFC 3397 §2, in the form of RFC 1035 §4.1.4.
 *
 *      +---+-------+---+-----+---+      +---+------+------+------+
 *      | 3 | s u b | 3 | ... | 0 |      | 4 | mail | 0xc0 | offset|     two bits set: go on at `offset`,
 *      +---+-------+---+-----+---+      +---+------+------+------+     which lies before
 */

/** Names of one option that are read; more are left out. Resolvers search no more than a few. */
export const NAMES_MAX = 16

const NAME_LENGTH_MAX = 253
const LABEL_LENGTH_MAX = 63
const POINTER = 0xc0

/** What hosts are called: RFC 1123 §2.1, and the underscore that services begin with. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/i

/** The names, with dots and without the last one; `undefined` if there is none, or anything else than names. */
export function parse(value: Uint8Array): readonly string[] | undefined {
  const names: string[] = []
  for (let offset = 0; offset < value.length && names.length < NAMES_MAX; ) {
    const name = parseName(value, offset)
    if (name === undefined) return undefined
    names.push(name.text)
    offset = name.end
  }
  return names.length > 0 ? names : undefined
}

/** Names that are none are left out. Nothing is compressed. */
export function emit(names: readonly string[]): Uint8Array {
  const bytes: number[] = []
  for (const name of names.slice(0, NAMES_MAX)) {
    const labels = name.replace(/\.$/, '').split('.')
    if (name.length > NAME_LENGTH_MAX || !labels.every(isLabel)) continue
    for (const label of labels) {
      bytes.push(label.length, ...Array.from(label, (character) => character.charCodeAt(0)))
    }
    bytes.push(0)
  }
  return Uint8Array.from(bytes)
}

interface Name {
  readonly text: string
  /** Where the next one begins. */
  readonly end: number
}

function parseName(value: Uint8Array, start: number): Name | undefined {
  const labels: string[] = []
  let end: number | undefined
  // Where the bytes that are read now begin: a pointer leads before it, so that every name has an end.
  let from = start
  for (let offset = start, length = 0; ; ) {
    const size = value[offset]
    if (size === undefined) return undefined
    if (size === 0) {
      return labels.length === 0 ? undefined : { text: labels.join('.'), end: end ?? offset + 1 }
    }
    if (size >= POINTER) {
      const target = ((size & 0x3f) << 8) | (value[offset + 1] ?? 0)
      if (offset + 1 >= value.length || target >= from) return undefined
      end ??= offset + 2
      from = target
      offset = target
      continue
    }
    const label = String.fromCharCode(...value.subarray(offset + 1, offset + 1 + size))
    length += size + 1
    if (label.length !== size || !isLabel(label) || length > NAME_LENGTH_MAX + 1) return undefined
    labels.push(label)
    offset += size + 1
  }
}

function isLabel(label: string): boolean {
  return label.length <= LABEL_LENGTH_MAX && LABEL.test(label)
}
