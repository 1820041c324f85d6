/** Streams of bytes. */
import type { Case, Web } from '../case.ts'

/** A stream of texts as bytes. */
export function streamOf(web: Web, ...texts: readonly string[]): ReadableStream<Uint8Array> {
  return new web.ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(new web.TextEncoder().encode(text))
      controller.close()
    },
  })
}

/** See `CASES`. */
export const STREAMS: readonly Case[] = [
  {
    title: 'streams are piped through others, as fast as they are read',
    run: async (web) => {
      const upper = new web.TransformStream<Uint8Array, string>({
        transform: (chunk, controller) =>
          controller.enqueue(new web.TextDecoder().decode(chunk).toUpperCase()),
      })
      const seen: string[] = []
      await streamOf(web, 'a', 'b')
        .pipeThrough(upper)
        .pipeTo(new web.WritableStream({ write: (chunk: string) => void seen.push(chunk) }))
      return seen
    },
    gives: ['A', 'B'],
  },
]
