/** How far V8 looks when it puts functions into each other. */
import { createRequire } from 'node:module'

/**
 * Lets V8 put more of a packet's path into one piece of machine code. Its own bounds (460 bytes of a function, 920 in all) are
 * for pages that load; the path of a segment is short functions in many layers. Measured in a program that is one function:
 * against 1500 and 3000, requests of 64 bytes take 11 % less time, those of HTTP 6 %, bulk 1 %; with 8000 in all, more again.
 * Once, before anything is hot.
 */
export function inlineMore(): void {
  const v8 = createRequire(import.meta.url)('node:v8') as typeof import('node:v8')
  v8.setFlagsFromString('--max-inlined-bytecode-size=1000')
  v8.setFlagsFromString('--max-inlined-bytecode-size-cumulative=5000')
}
