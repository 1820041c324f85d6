/** QuickJS 2025-04-26 as Debian's source package has it, pinned by its hash. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PACKAGE = 'quickjs'
const VERSION = '2025.04.26-1'
const SUITE = 'trixie'
const ARCHIVE = 'quickjs_2025.04.26.orig.tar.xz'
const SHA256 = 'ec81da5b3249ed648dbc7df4a1654988910e66a118d9b71cb63534216efcfbbe'
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** What `CONFIG_VERSION` is to be: the engine's own name for the release. */
export const ENGINE_VERSION = '2025-04-26'

/** The folder of the engine's source, unpacked under `folder` if it is not there yet. */
export function quickjsSource(folder: string): string {
  const source = join(folder, `quickjs-${SHA256.slice(0, 12)}`)
  if (existsSync(source)) return source
  const archive = join(folder, ARCHIVE)
  if (!existsSync(archive)) download(folder)
  verify(archive)
  const unpacked = mkdtempSync(join(folder, 'unpacked-'))
  execFileSync('tar', ['-xJf', archive, '-C', unpacked, '--strip-components=1'])
  renameSync(unpacked, source)
  return source
}

function verify(archive: string): void {
  const found = createHash('sha256').update(readFileSync(archive)).digest('hex')
  if (found === SHA256) return
  rmSync(archive)
  throw new Error(`${archive} has SHA-256 ${found}, not ${SHA256}: removed`)
}

/**
 * Downloads the source package with an apt directory of its own, so that the machine's settings stay as they are.
 * The mirror is the machine's; only the suite is ours.
 */
function download(folder: string): void {
  const apt = join(folder, 'apt')
  for (const name of ['state', 'lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(apt, name), { recursive: true })
  }
  const signedBy = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : ''
  writeFileSync(join(apt, 'sources.list'), `deb-src ${signedBy}${mirror()} ${SUITE} main\n`)
  const settings = {
    'Dir::State': join(apt, 'state'),
    'Dir::State::Lists': join(apt, 'lists'),
    'Dir::Cache': join(apt, 'cache'),
    'Dir::Etc::SourceList': join(apt, 'sources.list'),
    'Dir::Etc::SourceParts': '-',
    // The directory is not the user's that apt would become.
    'APT::Sandbox::User': 'root',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  const run = (...args: readonly string[]): void => {
    execFileSync('apt-get', [...options, '-qq', ...args], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }
  console.log(`downloading ${PACKAGE} ${VERSION}`)
  run('update')
  run('source', '--download-only', `${PACKAGE}=${VERSION}`)
  rmSync(apt, { recursive: true })
}

/** The Debian archive that this machine installs from. */
function mirror(): string {
  const format = '$(REPO_URI) $(COMPONENT)'
  const lines = execFileSync('apt-get', ['indextargets', '--format', format], { encoding: 'utf8' }).split(
    '\n',
  )
  const archives = lines
    .filter((line) => line.endsWith(' main'))
    .map((line) => line.slice(0, -' main'.length))
  const found = archives.find((uri) => /\/debian\/?$/.test(uri))
  if (found === undefined) throw new Error('apt knows no Debian archive: no address that ends in /debian')
  return found
}
