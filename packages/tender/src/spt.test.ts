import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { pathOf } from '@mirage/engine-quickjs/files'
import { PATIENCE_MS } from '../../../test/patience.ts'
import { cannotRun, guest, guestWith, inFolder, launch } from './testing/run.ts'

/** What a shell calls the end by SIGSYS, and by SIGSEGV. */
const [SIGSYS, SIGSEGV] = [159, 139]

/** The system calls that the guest `forbidden` knows. */
const FORBIDDEN = `
  open, openat, creat, unlink, socket, connect, sendto, execve, fork, clone, kill, getpid, ptrace, prctl, mmap,
  mprotect, munmap, brk, exit, ioctl, epoll_ctl, io_uring_setup, read another descriptor, write another descriptor,
  pread another descriptor, write a descriptor with high bits, another clock, another register, another sleep,
  a call of x32, a call of i386`
  .split(',')
  .map((name) => name.trim())

describe('an spt guest', { skip: cannotRun }, () => {
  it('starts with its arguments, and ends with its status', () => {
    const { status, stdout, stderr } = launch('--mem=8', guest('hello'), 'a', '--b=c')
    assert.match(stdout, /^hello \[a --b=c\]\n/)
    assert.match(stdout, /SUCCESS\n$/)
    assert.equal(stderr, '')
    assert.equal(status, 0)
    assert.equal(launch(guest('hello'), 'status').status, 42)
  })

  it('is started only by the process that it should end with, where one is told', () => {
    const started = (parent: number): string =>
      spawnSync(pathOf('spt'), [guest('hello'), 'a'], {
        encoding: 'utf8',
        env: { MIRAGE_PARENT: String(parent) },
      }).stdout
    assert.match(started(process.pid), /^hello \[a\]\n/)
    // Somebody else has it from a parent that was gone before.
    assert.equal(started(process.ppid), '')
  })

  it('ends with that process, however that ends', { timeout: PATIENCE_MS }, async () => {
    const script = 'MIRAGE_PARENT=$$ "$SPT" "$GUEST" idle & wait'
    const parent = spawn('sh', ['-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, SPT: pathOf('spt'), GUEST: guest('time') },
    })
    const exit = once(parent, 'exit')
    // What both write to ends with the last of them.
    for await (const text of parent.stdout) if (String(text).includes('idle')) parent.kill('SIGKILL')
    assert.deepEqual(await exit, [null, 'SIGKILL'])
  })

  it('hears nothing of the words that are for the binding', () => {
    assert.match(launch('--', guest('hello'), '--solo5:quiet', 'a').stdout, /^hello \[a\]\n/)
  })

  it('gets other random bytes at every start', () => {
    const random = (): string => /^random ([0-9a-f]{32})$/m.exec(launch(guest('hello')).stdout)![1]!
    assert.notEqual(random(), random())
  })

  it('sleeps until its deadline', () => {
    const { status, stdout } = launch(guest('time'))
    assert.equal(status, 0, stdout)
    const took = Number(/1500 ms took us (\d+)/.exec(stdout)![1])
    assert.ok(took >= 1_500_000, `${took} us`)
  })

  it('goes on where nobody reads what it writes', () => {
    const script = `(sleep 0.1; "$SPT" "$GUEST"; echo "ended with $?" >&2) | true`
    const env = { ...process.env, SPT: pathOf('spt'), GUEST: guest('hello') }
    const { stderr } = spawnSync('sh', ['-c', script], { env, encoding: 'utf8', timeout: PATIENCE_MS })
    assert.equal(stderr, 'ended with 0\n')
  })

  it('has nothing of its launcher: no environment, no other descriptor', {
    timeout: PATIENCE_MS,
  }, async () => {
    const child = spawn(pathOf('spt'), [guest('time'), 'idle'], {
      stdio: ['ignore', 'pipe', 'ignore', 'pipe', 'pipe'],
      env: { SECRET: 'abracadabra' },
    })
    try {
      let said = ''
      for await (const text of child.stdout!) if ((said += String(text)).includes('idle')) break
      assert.match(readFileSync(`/proc/${child.pid}/environ`, 'latin1'), /^\0*$/)
      assert.deepEqual(readdirSync(`/proc/${child.pid}/fd`).length, 5)
      // One page in no process of its kind may be both; the name at the end of a line is a path.
      assert.doesNotMatch(readFileSync(`/proc/${child.pid}/maps`, 'latin1'), /^\S+ .wx/m)
    } finally {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })

  for (const name of FORBIDDEN) {
    it(`is ended by ${name}`, () => {
      const { status, stdout } = launch(guest('forbidden'), name)
      assert.equal(stdout, 'here it comes\n')
      assert.equal(status, SIGSYS)
    })
  }

  it('made no file before it was ended', () => {
    assert.ok(!existsSync('/tmp/made-by-a-guest'))
  })

  for (const name of [
    'null read',
    'null write',
    'null call',
    'stack',
    'data',
    'heap',
    'text',
    'constant',
    'unmapped',
  ]) {
    it(`is ended by a wrong use of memory: ${name}`, () => {
      const { status, stdout } = launch('--mem=8', guest('trap'), ...name.split(' '))
      assert.equal(stdout, 'here it comes\n')
      assert.equal(status, SIGSEGV)
    })
  }

  it('reads and writes its disk, block by block, from anywhere in memory', () => {
    inFolder((path) => {
      const image = guestWith('block', [{ name: 'storage', type: 'BLOCK_BASIC' }], join(path, 'block.spt'))
      const disk = join(path, 'disk')
      for (const size of [512, 4096]) {
        writeFileSync(disk, new Uint8Array(64 * size))
        const { status, stdout } = launch(
          `--block:storage=${disk}`,
          `--block-sector-size:storage=${size}`,
          image,
        )
        assert.equal(status, 0, stdout)
        assert.match(stdout, new RegExp(`capacity ${64 * size}\nblock size ${size}\n`))
        const expected = Uint8Array.from({ length: 64 * size }, (_, at) => {
          const block = Math.floor(at / size)
          const offset = at % size
          return offset === 0 ? block : offset === 1 ? block >> 8 : block * 31 + offset * 7
        })
        assert.deepEqual(new Uint8Array(readFileSync(disk)), expected)
      }
    })
  })

  it('cannot reach past its disk, or move anything but a block', () => {
    inFolder((path) => {
      const image = guestWith(
        'disk-limits',
        [{ name: 'storage', type: 'BLOCK_BASIC' }],
        join(path, 'disk.spt'),
      )
      const disk = join(path, 'disk')
      writeFileSync(disk, new Uint8Array(8 * 512))
      const run = (what: string): number => launch(`--block:storage=${disk}`, image, what).status
      assert.equal(run('the last block'), 0)
      const past = ['a byte past the end', 'far past the end', 'before the beginning', 'read past the end']
      for (const what of [...past, 'two blocks', 'half a block']) assert.equal(run(what), SIGSYS, what)
      assert.equal(readFileSync(disk).length, 8 * 512)
    })
  })
})
