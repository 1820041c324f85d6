/** Links what is measured as `mirage build` links a unikernel: V8 makes faster code of it than of its modules. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Plugin, build } from 'esbuild'
import { enclosed } from '../packages/cli/src/enclose.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const FOLDER = resolve(HERE, '../.mirage/bench')

/** One file with what `source`, a module in this folder, leads to: its path. It exports nothing. */
export async function linked(name: string, source: string): Promise<string> {
  const file = resolve(FOLDER, `${name}.mjs`)
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: HERE, loader: 'ts' },
    outfile: file,
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minify: true,
    sourcemap: 'linked',
    external: ['esbuild'],
    plugins: [ownPlaces()],
    logLevel: 'warning',
  })
  const text = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))!.text
  const output = Object.entries(metafile.outputs).find(([path]) => path.endsWith('.mjs'))![1]
  const { code, map } = enclosed({ code: text('.mjs'), map: text('.map') }, output)
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(`${file}.map`, map)
  writeFileSync(file, code)
  return file
}

/** Modules find their neighbours, programs and files, from where they were. */
function ownPlaces(): Plugin {
  return {
    name: 'own-places',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const places = { url: pathToFileURL(path).href, dirname: dirname(path) }
        const contents = readFileSync(path, 'utf8').replace(
          /\bimport\.meta\.(url|dirname)\b/g,
          (_, place: keyof typeof places) => JSON.stringify(places[place]),
        )
        return { contents, loader: 'ts' }
      })
    },
  }
}
