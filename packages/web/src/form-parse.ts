/** Forms as they come in a body: `application/x-www-form-urlencoded`, and `multipart/form-data` of RFC 7578. */
import { decode, encode } from '@mirage/bytes/utf8'
import { File } from './blob.ts'
import { FormData } from './form-data.ts'
import { URLSearchParams } from './url.ts'

/** The form that `bytes` of the type `type` are; nothing if they are none. */
export function parseForm(bytes: Uint8Array, type: string): FormData | undefined {
  const essence = type.split(';')[0]!.trim().toLowerCase()
  if (essence === 'application/x-www-form-urlencoded') return parsePairs(decode(bytes))
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]*)"|([^;\s]+))/i.exec(type) ?? []
  const boundary = quoted ?? bare
  if (essence !== 'multipart/form-data' || boundary === undefined || boundary === '') return undefined
  return parseParts(bytes, encode(`\r\n--${boundary}`))
}

function parsePairs(text: string): FormData {
  const form = new FormData()
  for (const [name, value] of new URLSearchParams(text)) form.append(name, value)
  return form
}

/** `delimiter` stands between parts and after the last; the first has no line before it. */
function parseParts(bytes: Uint8Array, delimiter: Uint8Array): FormData | undefined {
  const form = new FormData()
  if (find(bytes, delimiter.subarray(2), 0) !== 0) return undefined
  let offset = delimiter.length - 2
  for (;;) {
    if (bytes[offset] === DASH && bytes[offset + 1] === DASH) return form
    if (bytes[offset] !== CR || bytes[offset + 1] !== LF) return undefined
    const head = find(bytes, BLANK, offset)
    const end = find(bytes, delimiter, head < 0 ? bytes.length : head + BLANK.length - 2)
    if (head < 0 || end < 0 || head - offset > HEAD_MAX) return undefined
    const isAdded = add(
      form,
      decode(bytes.subarray(offset + 2, head)),
      bytes.subarray(head + BLANK.length, end),
    )
    if (!isAdded) return undefined
    offset = end + delimiter.length
  }
}

/** Bytes of the fields of one part; a browser sends two hundred. */
const HEAD_MAX = 16_384
const [CR, LF, DASH] = [0x0d, 0x0a, 0x2d]
const BLANK = Uint8Array.of(CR, LF, CR, LF)

function add(form: FormData, head: string, content: Uint8Array): boolean {
  const fields = new Map(head.split('\r\n').map(pairOf))
  const [kind = '', ...rest] = (fields.get('content-disposition') ?? '').split(';')
  const disposition = `;${rest.join(';')}`
  const name = parameter(disposition, 'name')
  if (kind.trim().toLowerCase() !== 'form-data' || name === undefined) return false
  const fileName = parameter(disposition, 'filename')
  const type = fields.get('content-type') ?? 'text/plain'
  if (fileName === undefined) form.append(name, decode(content))
  else form.append(name, new File([content], fileName, { type }))
  return true
}

function pairOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(':')
  return [line.slice(0, Math.max(colon, 0)).toLowerCase(), line.slice(colon + 1).trim()]
}

/** A browser writes a line break or a quote inside a name as three characters. */
function parameter(disposition: string, name: string): string | undefined {
  const value = new RegExp(`;\\s*${name}="([^"]*)"`, 'i').exec(disposition)?.[1]
  return value?.replace(/%0D|%0A|%22/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)))
}

/** The offset of `needle` from `offset` on, or -1. */
function find(bytes: Uint8Array, needle: Uint8Array, offset: number): number {
  for (let at = bytes.indexOf(needle[0]!, offset); at >= 0; at = bytes.indexOf(needle[0]!, at + 1)) {
    let count = 1
    while (count < needle.length && bytes[at + count] === needle[count]) count += 1
    if (count === needle.length) return at
  }
  return -1
}
