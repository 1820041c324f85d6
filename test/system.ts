/** The programs of the system that some tests need, and what a test does where one is missing. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Program to the Debian package that has it. */
const PROGRAMS = {
  curl: 'curl',
  dhclient: 'isc-dhcp-client',
  dig: 'bind9-dnsutils',
  dnsmasq: 'dnsmasq-base',
  gcc: 'gcc',
  iperf3: 'iperf3',
  ip: 'iproute2',
  nc: 'netcat-openbsd',
  nmap: 'nmap',
  ping: 'iputils-ping',
  socat: 'socat',
  traceroute: 'traceroute',
  tshark: 'tshark',
  udhcpc: 'udhcpc',
  'qemu-system-x86_64': 'qemu-system-x86',
} as const

/** A program that `npm test` installs where it can. */
export type Program = keyof typeof PROGRAMS

function isThere(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0
}

/** Whether this process may install what is missing: as root on Debian. */
export function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version')
}

/** The Debian packages to install: none where this process may not install any. */
export function missingPackages(): readonly string[] {
  if (!mayInstall()) return []
  return Object.entries(PROGRAMS).flatMap(([program, name]) => (isThere(program) ? [] : [name]))
}

/** For a test's `skip`: why it cannot run here, or false. */
export function skipWithout(program: Program): string | false {
  return isThere(program) ? false : `needs ${program} (Debian: apt-get install ${PROGRAMS[program]})`
}
