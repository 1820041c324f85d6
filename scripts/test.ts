/**
 * `npm test`: gets what the tests need from the system where it may, then runs every test in one process.
 *
 * As root on Debian missing packages are installed, and the bases of machine images are built. Elsewhere nothing is, and
 * each test that needs a missing program or base says so by name and is skipped.
 */
import { spawn, spawnSync } from 'node:child_process'
import { glob } from 'node:fs/promises'
import { mayInstall, missingPackages } from '../test/system.ts'

const PATTERNS = ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'unikernels/**/*.test.ts']

/** Installs what is missing, as quietly as can be; a failure is a line, and skipped tests later. */
function install(names: readonly string[]): void {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  console.log(`installing for the tests: ${names.join(' ')}`)
  for (const args of [
    ['update', '-qq'],
    // Another may be installing something just now.
    ['install', '-o', 'DPkg::Lock::Timeout=120', '-y', '-qq', '--no-install-recommends', ...names],
  ]) {
    const { status } = spawnSync('apt-get', args, {
      env: environment,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    if (status !== 0) return console.log(`apt-get ${args[0]} failed: the tests that need them are skipped`)
  }
}

/** Builds the bases of machine images; what is built already is only looked at. */
function buildBases(): void {
  const { status } = spawnSync('npm', ['run', '--silent', 'build:bases'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status !== 0) console.log('the bases were not built: the tests of machine images are skipped')
}

/** Compiles the addon with the system's compiler, if it has one. */
function buildNative(): void {
  const { status } = spawnSync('npm', ['run', '--silent', 'build:native'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status !== 0) console.log('the native addon was not built: the tests of TAP devices are skipped')
}

/** The test files, in an order that does not depend on the file system. */
async function files(patterns: readonly string[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const pattern of patterns) {
    for await (const file of glob(pattern, { exclude: (name) => name === 'node_modules' })) found.push(file)
  }
  return found.sort()
}

const missing = missingPackages()
if (missing.length > 0) install(missing)
const given = process.argv.slice(2)
if (process.platform === 'linux') buildNative()
if (mayInstall() && given.length === 0) buildBases()
const args = [
  '--test',
  '--test-isolation=none',
  '--test-reporter=spec',
  ...(await files(given.length > 0 ? given : PATTERNS)),
]
// What the tests start speaks to pipes, and is read by them: no colours, whatever this terminal is told.
const { FORCE_COLOR: _, ...env } = process.env
spawn(process.execPath, args, { stdio: 'inherit', env }).on('exit', (code) => {
  process.exitCode = code ?? 1
})
