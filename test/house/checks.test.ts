/** What machines keep: types, lint, format. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { ROOT } from './packages.ts'

const run = promisify(execFile)

/** Runs a tool of the repository and fails with what it printed. */
async function passes(tool: string, ...args: string[]): Promise<void> {
  try {
    await run(join(ROOT, 'node_modules', '.bin', tool), args, { cwd: ROOT, maxBuffer: 1 << 26 })
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    throw new Error(`${tool} ${args.join(' ')}\n${stdout ?? ''}${stderr ?? String(error)}`, { cause: error })
  }
}

describe('the whole tree', () => {
  it('has no type error', () => passes('tsc', '--project', 'tsconfig.json'))
  it('has no type error in linkable packages when only the language is there', () =>
    passes('tsc', '--project', 'tsconfig.linkable.json'))
  it('passes the linter', () => passes('oxlint', '--type-aware', '--deny-warnings', '.'))
  it('is formatted', () => passes('biome', 'format', '.'))
})
