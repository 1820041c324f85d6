/** A virtio image in a machine of QEMU's: which accelerator, which machine, and what its devices are behind. */
import { execFile } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Result, err, ok } from '@mirage/result'
import type { Built } from './built.ts'
import type { Machine, Wiring } from './machine.ts'
import { type Failure, failure } from './problem.ts'

const PROGRAM = 'qemu-system-x86_64'
/** Ends in order, as QEMU does by a signal, when who has started it is gone. */
const UNTIL_PARENT_ENDS = ['setpriv', '--pdeathsig', 'TERM'] as const
const FIRST_FD = 3
/** MB. */
const MEMORY = 128

/** Nothing but what the image knows how to use. */
const SPARE: readonly string[] = [
  '-nodefaults',
  '-no-user-config',
  '-no-reboot',
  '-display',
  'none',
  '-serial',
  'stdio',
]

/** The small machine that starts fastest has eight places for devices, one of which is for randomness. */
const PLACES = 7

/** What `qemu` finds out. */
export interface Qemu {
  readonly program: string
  readonly args: readonly string[]
  readonly remark: string
  readonly told: (lastShown: string) => number
}

/** The machine for `image`. QEMU has to be there. */
export async function qemu(
  built: Built,
  image: string,
  machine: Machine,
  words: readonly string[],
  wiring: Wiring,
): Promise<Result<Qemu, Failure>> {
  const program = find(PROGRAM)
  if (program === undefined) {
    return err(
      failure(1, `${PROGRAM} is not there, which runs virtio images: install it (Debian: qemu-system-x86)`),
    )
  }
  // A command that a person is shown has no parent that it should end with.
  const [hasKvm, wrapper] = await Promise.all([isAccelerated(program), wiring === 'taps' ? [] : whoEndsIt()])
  const accelerator = hasKvm ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg', '-cpu', 'max']
  const isSmall = built.attached.length <= PLACES
  const bus = isSmall ? 'device' : 'pci'
  const kind = ['-machine', isSmall ? 'microvm,pcie=off,rtc=on,isa-serial=on' : 'pc']
  const random = ['-device', `virtio-rng-${bus}`]
  const memory = ['-m', String(machine.memory ?? MEMORY)]
  const boot = ['-kernel', image, '-append', words.join(' ')]
  const args = [accelerator, kind, SPARE, memory, random, devices(built, machine, wiring, bus), boot].flat()
  const remark = hasKvm ? 'QEMU with KVM' : 'QEMU with software emulation (no KVM here)'
  const [first = program, ...others] = [...wrapper, program, ...args]
  return ok({ program: first, args: others, remark, told: toldStatus })
}

/**
 * QEMU's own status has no room for every one of a guest's, which says it on the console. One that says nothing has
 * come to an end that it did not choose.
 */
function toldStatus(lastShown: string): number {
  const [, status = '255'] = /Solo5: solo5_exit\((\d+)\) called\s*$/.exec(lastShown) ?? []
  return Number(status)
}

/** Whether QEMU is installed. */
export function isThere(): boolean {
  return find(PROGRAM) !== undefined
}

function devices({ attached }: Built, machine: Machine, wiring: Wiring, bus: string): readonly string[] {
  let networks = 0
  return attached.flatMap(({ kind, name, path }, index) => {
    const id = `d${index}`
    if (kind === 'block') {
      const file = (machine.disks.get(name) ?? path ?? name).replaceAll(',', ',,')
      return [
        '-drive',
        `file=${file},if=none,format=raw,id=${id}`,
        '-device',
        `virtio-blk-${bus},drive=${id}`,
      ]
    }
    const number = networks++
    const device = `virtio-net-${bus},netdev=${id}`
    return ['-netdev', netdev(id, number, wiring), '-device', device]
  })
}

function netdev(id: string, number: number, wiring: Wiring): string {
  switch (wiring) {
    case 'taps':
      return `tap,id=${id},ifname=tap${number},script=no,downscript=no`
    case 'open-taps':
      return `tap,id=${id},fd=${FIRST_FD + number}`
    case 'streams':
      return `stream,id=${id},server=off,addr.type=fd,addr.str=${FIRST_FD + number}`
  }
}

function find(program: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, program)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // The next folder may have it.
    }
  }
  return undefined
}

/**
 * Whether this host runs guests in hardware: its processor says so, and QEMU can open the device. A device alone says
 * nothing: some hosts emulate it, slower than QEMU and without the instructions that an engine needs.
 */
async function isAccelerated(program: string): Promise<boolean> {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
    if (!/^flags\s*:.* (vmx|svm)( |$)/m.test(readFileSync('/proc/cpuinfo', 'utf8'))) return false
  } catch {
    return false
  }
  return new Promise((resolve) => {
    const probe = [
      '-accel',
      'kvm',
      '-machine',
      'none',
      '-nodefaults',
      '-display',
      'none',
      '-S',
      '-monitor',
      'stdio',
    ]
    const child = execFile(program, probe, { timeout: PROBE_TIMEOUT }, (error) => resolve(error === null))
    child.stdin?.end('quit\n')
  })
}

/**
 * What to put in front of a command that shall not outlive this process: nothing, on a host that cannot. A host that is
 * only busy is waited for, as otherwise a machine might stay.
 */
function whoEndsIt(): Promise<readonly string[]> {
  const [program, ...args] = UNTIL_PARENT_ENDS
  return new Promise((resolve) => {
    execFile(program, [...args, 'true'], (error) => resolve(error === null ? UNTIL_PARENT_ENDS : []))
  })
}

/** Milliseconds: it takes 50. */
const PROBE_TIMEOUT = 2000
