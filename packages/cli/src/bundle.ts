/** Bundles for engines that have only the language: what Node and browsers add to it is linked where it is used. */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Result, err, ok } from '@mirage/result'
import type { BuildOptions, BuildResult, Plugin, StdinOptions } from 'esbuild'
import { ambientNames, marked, prelude } from './ambient.ts'
import { bundler } from './bundler.ts'
import { type Failure, failure } from './problem.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
const PRELUDE = 'mirage:prelude'

/** The bundler's options that we need to know. */
export interface Options extends BuildOptions {
  readonly stdin: StdinOptions
  readonly metafile: true
  readonly write: false
}

/**
 * The bundle that `options` ask for, to run on `target`. A program that uses nothing of the kind is bundled once; any
 * other again, behind a module that makes global what the first bundle was found to use.
 */
export async function bareBundle(
  options: Options,
  target: string,
): Promise<Result<BuildResult<Options>, Failure>> {
  const { build } = await bundler()
  const plugins = [...(options.plugins ?? []), withoutNode(target)]
  const first = await build({ ...options, plugins, define: marked })
  const { given, absent } = ambientNames(
    first.outputFiles.find(({ path }) => !path.endsWith('.map'))?.text ?? '',
  )
  if (absent.length > 0)
    return err(
      failure(1, `${absent.join(', ')}: not on ${target}, where there is no Node; configure it for unix`),
    )
  if (given.length === 0) return ok(first)
  const stdin = { ...options.stdin, contents: `import '${PRELUDE}';${String(options.stdin.contents)}` }
  return ok(await build({ ...options, stdin, plugins: [modulePrelude(prelude(given)), ...plugins] }))
}

function modulePrelude(contents: string): Plugin {
  return {
    name: 'mirage-prelude',
    setup(build) {
      build.onResolve({ filter: /^mirage:prelude$/ }, ({ path }) => ({ path, namespace: 'prelude' }))
      build.onLoad({ filter: /.*/, namespace: 'prelude' }, () => ({ contents, resolveDir: HERE }))
    },
  }
}

/** An answer to imports of Node's. */
function withoutNode(target: string): Plugin {
  return {
    name: 'mirage-without-node',
    setup(build) {
      build.onResolve({ filter: /^node:/ }, ({ path }) => ({
        errors: [{ text: `${path} is a part of Node, which ${target} does not have` }],
      }))
    },
  }
}
