/** Objects to programs: bases without a system under them, and programs for this machine. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MUSL } from './system.ts'

/** Links a base. Only what is pure in musl may get in: `check` tells what did not. */
export function linkBase(objects: readonly string[], layout: string, output: string): void {
  const args = [
    '-static',
    '-no-pie',
    '-nostdlib',
    '-T',
    layout,
    ...['--gc-sections', '--build-id=none', '-z,max-page-size=4096', '-z,norelro', '-z,noexecstack'].map(
      (x) => `-Wl,${x}`,
    ),
    '-Wl,--orphan-handling=error',
    ...objects,
    join(MUSL.library, 'libc.a'),
    '-lgcc',
  ]
  // Twice, because `strip` would take the spare program header away.
  for (const out of [[`${output}.symbols`], [output, '-s']]) {
    execFileSync('gcc', [...args, '-o', ...out], { stdio: ['ignore', 'inherit', 'inherit'] })
  }
  cutSections(output)
}

/**
 * Cuts off the table of sections, which no loader of images reads. What comes behind the segments is the program then,
 * so that a file without gaps stays one: a multiboot loader wants that of the virtio base.
 */
function cutSections(base: string): void {
  const file = readFileSync(base)
  const table = Number(file.readBigUInt64LE(0x20))
  const headers = Array.from(
    { length: file.readUInt16LE(0x38) },
    (_, i) => table + i * file.readUInt16LE(0x36),
  )
  const ends = headers.map((at) => Number(file.readBigUInt64LE(at + 8) + file.readBigUInt64LE(at + 32)))
  // e_shoff; e_shentsize, e_shnum, e_shstrndx.
  file.fill(0, 0x28, 0x30).fill(0, 0x3a, 0x40)
  writeFileSync(base, file.subarray(0, Math.max(...ends)))
}

/**
 * A program for this machine, with nothing to load at its start. `highest` programs lie where the kernel puts them,
 * above what a guest can have: the launcher shares its address space.
 */
export function linkProgram(objects: readonly string[], output: string, place: 'highest' | 'fixed'): void {
  const start = place === 'highest' ? 'rcrt1.o' : 'crt1.o'
  const args = [
    ...(place === 'highest' ? ['-static-pie'] : ['-static', '-no-pie']),
    '-nostdlib',
    '-Wl,--gc-sections,-z,noexecstack,-s',
    ...[start, 'crti.o'].map((name) => join(MUSL.library, name)),
    ...objects,
    join(MUSL.library, 'libc.a'),
    '-lgcc',
    join(MUSL.library, 'crtn.o'),
    '-o',
    output,
  ]
  execFileSync('gcc', args, { stdio: ['ignore', 'inherit', 'inherit'] })
}

/**
 * What must not be in a base: system calls, but a binding's own, and thread-local storage, but the canary that the
 * library's functions look at.
 */
const FORBIDDEN = /\b(syscall|sysenter|int\s+\$0x80)\b|%fs:(?!0x28\b)/

/** Throws, with the names of the functions, if a base has an instruction that its host would not take. */
export function check(base: string, allowed: readonly string[]): void {
  const options = { encoding: 'utf8', maxBuffer: 1 << 28 } as const
  const mayCall = new Set(
    allowed.flatMap((object) =>
      execFileSync('nm', ['--defined-only', '-j', object], options).split('\n').filter(Boolean),
    ),
  )
  const guilty = new Set<string>()
  let name = ''
  for (const line of execFileSync('objdump', ['-d', '--no-show-raw-insn', `${base}.symbols`], options).split(
    '\n',
  )) {
    const label = /^[0-9a-f]+ <(.+)>:$/.exec(line)
    if (label !== null) name = label[1]!
    else if (FORBIDDEN.test(line) && !mayCall.has(name)) guilty.add(name)
  }
  if (guilty.size > 0)
    throw new Error(`${base}: system calls or thread-local storage in ${[...guilty].join(', ')}`)
}
