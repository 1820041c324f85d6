/** Text of one byte a character, ISO 8859-1: what the head of a message is made of. */

/** The characters of `bytes` from `start` to `end`. */
export function decode(bytes: Uint8Array, start: number, end: number): string {
  // Up to here, adding characters one by one is faster than a view and a call with many arguments.
  if (end - start <= 24) {
    let text = ''
    for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!)
    return text
  }
  let text = ''
  // A call takes a limited number of arguments; every engine takes this many.
  for (let from = start; from < end; from += 4096) {
    const part = bytes.subarray(from, from + 4096 < end ? from + 4096 : end)
    text += String.fromCharCode.apply(null, part as unknown as number[])
  }
  return text
}

/** The bytes of `text`, whose characters are all below 256. */
export function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  write(bytes, 0, text)
  return bytes
}

/** Writes `text` at `offset` and returns the offset after it. The caller has checked that it fits. */
export function write(bytes: Uint8Array, offset: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[offset + i] = text.charCodeAt(i)
  return offset + text.length
}
