/** What the build of the bases needs of the system: a C compiler for x86-64 and musl's library. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Musl as Debian's `musl-dev` installs it. */
export const MUSL = { headers: '/usr/include/x86_64-linux-musl', library: '/usr/lib/x86_64-linux-musl' }

/** Something that has to be there, and the Debian package that has it. */
interface Need {
  readonly package: string
  readonly isMet: () => boolean
}

function isProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0
}

const NEEDS: readonly Need[] = [
  { package: 'gcc', isMet: () => isProgram('gcc') },
  { package: 'binutils', isMet: () => isProgram('objdump') },
  { package: 'musl-dev', isMet: () => existsSync(`${MUSL.library}/libc.a`) },
  { package: 'linux-libc-dev', isMet: () => existsSync('/usr/include/linux/seccomp.h') },
  { package: 'xz-utils', isMet: () => isProgram('xz') },
]

/** Installs what is missing where it may, as root on Debian. What is missing still, as one sentence. */
export function prepare(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `the bases are built on Linux on x86-64, not on ${process.platform} on ${process.arch}`
  }
  const missing = NEEDS.filter((need) => !need.isMet()).map((need) => need.package)
  if (missing.length === 0) return undefined
  const isDebian = existsSync('/etc/debian_version')
  if (process.getuid?.() === 0 && isDebian) install(missing)
  const left = NEEDS.filter((need) => !need.isMet()).map((need) => need.package)
  if (left.length === 0) return undefined
  return isDebian
    ? `missing: ${left.join(', ')} (as root: apt-get install ${left.join(' ')})`
    : `missing: ${left.join(', ')} (these are Debian's names; musl is looked for in ${MUSL.library})`
}

function install(names: readonly string[]): void {
  console.log(`installing ${names.join(' ')}`)
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'inherit'] as ['ignore', 'ignore', 'inherit'],
  }
  try {
    execFileSync('apt-get', ['update', '-qq'], options)
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], options)
  } catch {
    // What is still missing is told by whoever asked.
  }
}
