/** Bytes as hexadecimal digits, two a byte. */
import { type Result, assert, err, ok } from '@mirage/result'

/** The bytes that `digits`, in either case, stand for: nothing but pairs of digits. */
export function parse(digits: string): Result<Uint8Array, 'bad-hex'> {
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) return err('bad-hex')
  const bytes = new Uint8Array(digits.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16)
  return ok(bytes)
}

/** Lower case, nothing between. */
export function format(bytes: Uint8Array): string {
  let digits = ''
  for (const byte of bytes) digits += (byte < 16 ? '0' : '') + byte.toString(16)
  return digits
}

/** Bytes written down in a program, with spaces and newlines for the reader. Anything else there throws. */
export function hex(text: string): Uint8Array {
  const bytes = parse(text.replace(/\s+/g, ''))
  assert(bytes.ok, `hex digits in ${JSON.stringify(text)}`)
  return bytes.value
}
