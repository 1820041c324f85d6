/** Bytes as characters of the same code, U+0000 to U+00FF: how a source can hold them. */

/** The codes of the characters of `text` from `offset` on. Every one of them is below 256. */
export function parse(text: string, offset: number): Uint8Array {
  const bytes = new Uint8Array(text.length - offset)
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i + offset)
  return bytes
}
