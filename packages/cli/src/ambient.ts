/** What an engine alone does not have: finds out who needs it, before a user does. */
import type { Metafile, Plugin } from 'esbuild'

/**
 * What Node and browsers add to the language, as far as libraries use it without asking. What they ask for first
 * (`process`, `crypto`, `navigator`) is left out: they have another way.
 */
const NAMES: readonly string[] = [
  ['fetch', 'Request', 'Response', 'Headers', 'FormData', 'Blob', 'File', 'WebSocket'],
  ['URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'atob', 'btoa', 'structuredClone'],
  ['ReadableStream', 'WritableStream', 'TransformStream', 'CompressionStream', 'DecompressionStream'],
  ['AbortController', 'AbortSignal', 'Event', 'EventTarget', 'MessageChannel', 'DOMException', 'Intl'],
  ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'queueMicrotask', 'console'],
].flat()

const SCHEME = 'ambient'

/** What to give the bundler as `inject`: a module for each name, which is in a bundle that uses the name. */
export const injected: string[] = NAMES.map((name) => `${SCHEME}:${name}`)

/** The modules of `injected`, and an answer to imports of Node's, for a bundle that is to run on `target`. */
export function ambient(target: string): Plugin {
  return {
    name: 'mirage-ambient',
    setup(build) {
      build.onResolve({ filter: /^ambient:/ }, ({ path }) => ({
        path: path.slice(SCHEME.length + 1),
        namespace: SCHEME,
        sideEffects: false,
      }))
      build.onLoad({ filter: /.*/, namespace: SCHEME }, ({ path }) => ({
        contents: `const it = globalThis.${path}; export { it as ${path} }`,
      }))
      build.onResolve({ filter: /^node:/ }, ({ path }) => ({
        errors: [{ text: `${path} is a part of Node, which ${target} does not have` }],
      }))
    },
  }
}

/** The names that the bundle of `metafile` uses. */
export function ambientNames(metafile: Metafile): readonly string[] {
  return Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) =>
      path.startsWith(`${SCHEME}:`) && bytesInOutput > 0 ? [path.slice(SCHEME.length + 1)] : [],
    ),
  )
}
