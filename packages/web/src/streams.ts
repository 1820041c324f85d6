/** Streams, as the Streams standard has them: Mattias Buelens's implementation, which passes the standard's tests. */
import type { ReadableStream } from 'web-streams-polyfill'

export {
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  ReadableStream,
  TransformStream,
  WritableStream,
} from 'web-streams-polyfill'

/** Whether anybody has read or cancelled `stream`: an internal slot of the standard's, which no method tells. */
export function isDisturbed(stream: ReadableStream): boolean {
  return (stream as unknown as { readonly _disturbed?: boolean })._disturbed === true
}
