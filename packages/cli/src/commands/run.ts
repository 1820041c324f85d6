/** `mirage run` */
import { type Values, cidr, flag, integer, list, text } from '@mirage/argument'
import { parsePublish } from '@mirage/configure/publish'
import { type Result, err, ok } from '@mirage/result'
import { stopBundler } from '../bundler.ts'
import { type Built, current } from '../built.ts'
import { openCapture } from '../capture-file.ts'
import type { Command } from '../command.ts'
import { needContext } from '../context.ts'
import { type Launch, launch, networksOf } from '../launch.ts'
import { type Failure, failure } from '../problem.ts'
import { find } from '../project.ts'
import { type Recording, isRecorded, nameOf } from '../recording.ts'
import { run } from '../run.ts'
import { bytes } from '../sizes.ts'
import type { Taps } from '../taps.ts'
import type { Terminal } from '../terminal.ts'

const args = {
  publish: list(
    text({ docv: 'HOST:PORT', doc: 'Lead this port of the host to that port of the unikernel, as 8080:80.' }),
  ),
  memory: integer({
    docv: 'MB',
    doc: 'Memory of a machine image; 0 for the usual.',
    default: 0,
    min: 0,
    max: 1_048_576,
  }),
  disk: list(text({ docv: 'NAME=FILE', doc: 'The file behind a disk of a machine image.' })),
  capture: text({
    docv: 'FILE',
    doc: 'Record what its networks carry to this file, which Wireshark opens (pcapng).',
    default: '',
  }),
  captureInterface: text({
    docv: 'NAME',
    doc: 'Record this network alone: the group of its arguments, or net.',
    default: '',
  }),
  tap: list(
    text({
      docv: 'NAME',
      doc: 'Put it on this TAP device of the host, made for it if need be, such as tap0: one for each network.',
    }),
  ),
  tapAddress: list(
    cidr({ docv: 'CIDR', doc: "This host's address on the TAP device; 10.0.0.1/24 unless told." }),
  ),
  tapMtu: integer({
    docv: 'BYTES',
    doc: 'The MTU of the TAP devices; 0 for the usual.',
    default: 0,
    min: 0,
    max: 65_521,
  }),
  printCommand: flag({ doc: 'Show the command that runs it on TAP devices, and do nothing.' }),
}

/** Runs the unikernel, on a network of its own if it has one. */
export const command: Command<typeof args, Record<string, never>> = {
  name: 'run',
  summary: 'Builds the unikernel if that is needed, and runs it.',
  more: 'Words it does not know, and all after --, are for the unikernel: mirage run -- --help.',
  args,
  positional: {},
  takesRest: true,
  async run({ common, args, rest }, terminal) {
    const { publish, memory, disk, printCommand } = args
    const wrong = publish.find((rule) => parsePublish(rule) === undefined)
    if (wrong !== undefined) {
      return err(
        failure(
          124,
          `option --publish: invalid value "${wrong}", expected <host port>:<port of the unikernel>`,
        ),
      )
    }
    const disks = parseDisks(disk)
    if (!disks.ok) return disks
    const project = find(common.file, terminal.folder)
    if (!project.ok) return project
    const context = needContext(project.value)
    if (!context.ok) return context
    let built = current(project.value, context.value)
    if (built === undefined) {
      const { build } = await import('../build.ts')
      const made = await build(project.value, context.value)
      await stopBundler()
      if (!made.ok) return made
      built = made.value
    }
    const machine = { memory: memory === 0 ? undefined : memory, disks: new Map(disks.value) }
    const taps = printCommand ? ok(undefined) : await tapsFor(args, built, rest)
    if (!taps.ok) return taps
    const words = [...(taps.value?.words ?? []), ...rest]
    const wiring = printCommand ? 'taps' : taps.value === undefined ? 'streams' : 'open-taps'
    const command = await launch(project.value, built, machine, words, wiring)
    if (!command.ok) return command
    if (printCommand) {
      const { program, args } = command.value
      terminal.print([program, ...args].map(quoted).join(' '))
      return ok(0)
    }
    const capture = recorded(args, command.value, terminal)
    if (!capture.ok) {
      taps.value?.close()
      return capture
    }
    announce(built, command.value, terminal)
    for (const remark of taps.value?.remarks ?? []) terminal.say(`  ${remark}`)
    const options = {
      publish: merged(built.publish, publish),
      capture: capture.value,
      taps: taps.value,
    }
    return run(project.value, built, command.value, options, terminal)
  },
}

/** The TAP devices that are asked for, if any are. */
async function tapsFor(
  { tap, tapAddress, tapMtu, publish, capture, captureInterface }: Values<typeof args>,
  built: Built,
  words: readonly string[],
): Promise<Result<Taps | undefined, Failure>> {
  if (tap.length === 0) {
    return tapAddress.length === 0 && tapMtu === 0
      ? ok(undefined)
      : err(failure(124, 'option --tap-address and --tap-mtu are of no use without --tap'))
  }
  if (publish.length > 0)
    return err(failure(124, 'option --publish: on a TAP device the unikernel has an address of its own'))
  const { openTaps } = await import('../taps.ts')
  const guest = {
    networks: networksOf(built),
    words,
    hasStack: built.parts.some(({ name }) => name === '@mirage/stack'),
    readsHeaders: built.target !== 'spt',
  }
  const mtu = tapMtu === 0 ? undefined : tapMtu
  const isSeen = (network: string): boolean => capture !== '' && isRecorded(network, only(captureInterface))
  return openTaps({ names: tap, addresses: tapAddress, mtu, isSeen }, guest)
}

/** The network whose name is given, if one is. */
function only(name: string): string | undefined {
  return name === '' ? undefined : name
}

/** What is to be recorded, if anything is: the file is open. */
function recorded(
  { capture: path, captureInterface: name }: { readonly capture: string; readonly captureInterface: string },
  { networks }: Launch,
  { complain }: Terminal,
): Result<Recording | undefined, Failure> {
  if (path === '') {
    return name === ''
      ? ok(undefined)
      : err(failure(124, 'option --capture-interface is of no use without --capture'))
  }
  if (networks.length === 0) return err(failure(124, 'option --capture: there is no network to record'))
  const names = networks.map(nameOf)
  if (name !== '' && !names.includes(name)) {
    return err(
      failure(124, `option --capture-interface: there is no network ${name}, only ${names.join(', ')}`),
    )
  }
  const file = openCapture(path, (message) => complain([{ message }]))
  return file.ok ? ok({ path, file: file.value, network: only(name) }) : file
}

function announce(
  { name, target, image, size, gzipSize }: Built,
  { remark }: Launch,
  { say, colors }: Terminal,
): void {
  const weight = `${bytes(size)}, ${bytes(gzipSize)} with gzip`
  say(`${colors.bold(name)} for ${target}: ${image} (${weight})`)
  if (remark !== undefined) say(`  ${remark}`)
}

/** The name of each disk and its file. */
function parseDisks(given: readonly string[]): Result<readonly (readonly [string, string])[], Failure> {
  const wrong = given.find((each) => !/^[^=]+=./.test(each))
  if (wrong !== undefined)
    return err(failure(124, `option --disk: invalid value "${wrong}", expected NAME=FILE`))
  return ok(
    given.map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)] as const),
  )
}

/** A word as a shell wants it. */
function quoted(word: string): string {
  return /^[A-Za-z0-9_\-.,:=@/+%]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/** The rules of the configuration, but for the ports of the unikernel that the command line leads elsewhere. */
function merged(configured: readonly string[], given: readonly string[]): readonly string[] {
  const inner = (rule: string): string => rule.slice(rule.lastIndexOf(':') + 1)
  const moved = new Set(given.map(inner))
  return [...configured.filter((rule) => !moved.has(inner(rule))), ...given]
}
