/** What a unikernel can link needs no platform: every such module is bundled for none, and loads on a bare engine. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { isTest, knowsNode, packages } from './packages.ts'

/**
 * Names that Node or a browser adds to the language. Common words (`window`, `self`, `console`) are left to the
 * compiler, which knows a variable of ours from a name of theirs.
 */
const AMBIENT = [
  'Buffer',
  '__dirname',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'queueMicrotask',
  'structuredClone',
  'TextEncoder',
  'TextDecoder',
  'URLSearchParams',
  'AbortController',
  'AbortSignal',
  'XMLHttpRequest',
  'ReadableStream',
  'WritableStream',
  'TransformStream',
  'atob',
  'btoa',
  'MessageChannel',
  'EventTarget',
  'WebAssembly',
]

/** The packages whose classes are called like those of a browser. */
const OWN_NAMES = ['web']

for (const { name, folder, exports } of packages()) {
  const entries = Object.values(exports).filter(
    (file) => !isTest(file) && !knowsNode(name, file.replace('./', '')),
  )
  if (entries.length === 0) continue
  describe(`${name} is linkable`, () => {
    for (const entry of entries) {
      it(`${entry} needs nothing but the language`, async () => {
        const { outputFiles } = await build({
          entryPoints: [join(folder, entry)],
          bundle: true,
          write: false,
          platform: 'neutral',
          mainFields: ['module', 'main'],
          target: 'es2022',
          format: 'iife',
          globalName: 'bundle',
          legalComments: 'none',
          logLevel: 'silent',
        })
        const code = outputFiles[0]!.text
        // What has such names of its own is left to the compiler and the empty context.
        if (!OWN_NAMES.includes(name)) assert.deepEqual(ambientNames(code), [])
        runInContext(`${code}\n`, createContext(Object.create(null) as object))
      })
    }
  })
}

/** The ambient names that `code` uses as variables, outside texts and comments. */
function ambientNames(code: string): readonly string[] {
  const bare = code
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, '""')
  // `name: value` is a property, and `name(...) {` the beginning of a method.
  return AMBIENT.filter((name) =>
    new RegExp(`(?<![.\\w$])${name}(?![\\w$]|\\s*:|\\s*\\([^()]*\\)\\s*\\{)`).test(bare),
  )
}
