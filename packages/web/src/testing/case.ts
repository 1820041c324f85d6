/** What a promise of the table is, and what it comes to. */

/** The classes, ours or others'. */
export type Web = Pick<
  typeof globalThis,
  | 'AbortController'
  | 'AbortSignal'
  | 'Blob'
  | 'DOMException'
  | 'Event'
  | 'EventTarget'
  | 'File'
  | 'FormData'
  | 'Headers'
  | 'ReadableStream'
  | 'Request'
  | 'Response'
  | 'TextDecoder'
  | 'TextEncoder'
  | 'TransformStream'
  | 'URL'
  | 'URLSearchParams'
  | 'WritableStream'
>

/** One promise: what `run` gives, or the name of what it throws, is `gives`. */
export interface Case {
  readonly title: string
  readonly run: (web: Web) => unknown
  readonly gives: unknown
}

/** The outcome of one case. */
export async function outcome({ run }: Case, web: Web): Promise<unknown> {
  try {
    return JSON.parse(JSON.stringify((await run(web)) ?? null)) as unknown
  } catch (error) {
    return `throws ${(error as Error).name}`
  }
}
