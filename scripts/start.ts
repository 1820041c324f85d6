/** `npm start`: configures, builds and runs the website of the project as a unikernel. Words after `--` are for `mirage run`. */
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

enableCompileCache()
const { mirage } = await import('@mirage/cli')
const config = fileURLToPath(new URL('../unikernels/applications/static-website/config.ts', import.meta.url))
const code = await mirage(['configure', '--quiet', '--file', config], process.cwd())
process.exitCode =
  code === 0 ? await mirage(['run', '--file', config, ...process.argv.slice(2)], process.cwd()) : code
