/** The files of a new project: a unikernel that serves a page. */
import { VERSION } from './version.ts'

/** The content of each file of the project `name`, by its path. */
export function template(name: string): Readonly<Record<string, string>> {
  return {
    'config.ts': CONFIG.replace('NAME', name),
    'unikernel.ts': UNIKERNEL,
    'htdocs/index.html': PAGE.replaceAll('NAME', name),
    'tsconfig.json': TSCONFIG,
    '.gitignore': 'node_modules/\ndist/\n.mirage/\n',
  }
}

/** The package.json of the project `name`, where there is none yet. */
export function manifest(name: string): string {
  const content = {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    scripts: { configure: 'mirage configure', build: 'mirage build', start: 'mirage run' },
    // It brings the libraries that the unikernel is made of.
    dependencies: { '@mirage/cli': VERSION },
  }
  return `${JSON.stringify(content, undefined, 2)}\n`
}

const CONFIG = `/** What the unikernel is made of. */
import { unikernel } from '@mirage/configure'
import { clock, kvRo, stack } from '@mirage/configure/devices'

export default unikernel<typeof import('./unikernel.ts')>({
  name: 'NAME',
  main: './unikernel.ts',
  devices: { clock: clock(), stack: stack(), files: kvRo('./htdocs') },
  publish: ['8080:80'],
})
`

const UNIKERNEL = `/** Serves the files of a store over HTTP. */
import { type Values, port } from '@mirage/argument'
import type { Clock } from '@mirage/clock'
import { serve } from '@mirage/http'
import { files as fromStore } from '@mirage/http/static'
import type { KvReader } from '@mirage/kv'
import { type Result, done, err } from '@mirage/result'
import type { Stack } from '@mirage/stack'

export const args = {
  port: port({ doc: 'Where to listen.', default: 80 }),
}

interface Devices {
  readonly clock: Clock
  readonly stack: Stack
  readonly files: KvReader
}

export async function start(
  { clock, stack, files }: Devices,
  { port }: Values<typeof args>,
): Promise<Result<void, string>> {
  const server = serve({ tcp: stack.tcp, port, clock, handler: fromStore(files) })
  if (!server.ok) return err(\`port \${port} is in use\`)
  await server.value.closed
  return done
}
`

const PAGE = `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>NAME</title>
  <style>
    body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1rem }
  </style>
  <h1>NAME</h1>
  <p>This page comes from a unikernel. It is <code>htdocs/index.html</code>: change it, and run
    <code>mirage run</code> again.</p>
</html>
`

const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2022",
    "lib": ["es2022"],
    "module": "preserve",
    "types": [],
    "noEmit": true,
    "allowImportingTsExtensions": true,
    "strict": true,
    "noUncheckedIndexedAccess": true,
    "exactOptionalPropertyTypes": true,
    "erasableSyntaxOnly": true,
    "verbatimModuleSyntax": true,
    "skipLibCheck": true
  },
  "include": ["*.ts"]
}
`
