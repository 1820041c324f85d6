/** `mirage help`: what the tool can do, and topics that belong to no command. */
import { flag, optional, text } from '@mirage/argument'
import { help } from '@mirage/argument/help'
import { nearest } from '@mirage/argument/parse'
import { err, ok } from '@mirage/result'
import { type Command, common } from '../command.ts'
import { failure } from '../problem.ts'

const positional = {
  topic: optional(
    text({ docv: 'TOPIC', doc: 'A command, or one of the topics that `mirage help topics` lists.' }),
  ),
}

/** Texts that belong to no command, by their names. */
export const TOPICS: Readonly<Record<string, string>> = {
  options: `Options and arguments

An option is chosen when configuring, and decides what the image is made of:
    mirage configure --kv_ro direct
The options of a project are those that its config.ts uses:
    mirage configure --help

An argument is given when the unikernel boots, and belongs to one of its parts:
    mirage run -- --logs debug --ipv4 10.0.0.2/24
The arguments of a unikernel:
    mirage run -- --help`,
  network: `The network of mirage run

A unikernel is given an Ethernet of its own, which needs no privileges. The tool
is the other end: it answers ARP, DHCP, DNS and ping, and leads connections of
the unikernel to the network of the host. Ports of the host lead into the
unikernel where config.ts or the command line says so:
    mirage run --publish 8080:80         port 8080 of 127.0.0.1 leads to port 80
    mirage run --publish 0.0.0.0:80:80   port 80 of every address of the host
    mirage run --publish 5353:53/udp     for UDP
    mirage run --publish 0:80            any port that is free
The network is 10.0.0.0/24, and the tool 10.0.0.1, unless the unikernel is given
an address of another one:
    mirage run -- --ipv4 192.168.7.2/24 --ipv4-gateway 192.168.7.1
Root, and whoever has a TAP device, may put it beside the host instead:
    mirage run --tap tap0                it is 10.0.0.2, and the host 10.0.0.1
What either carries can be recorded, for Wireshark; on a TAP device this needs
root as well, or CAP_NET_RAW:
    mirage run --capture all.pcapng`,
  'exit-codes': `Exit codes

    0     all is well
    1     the configuration is wrong
    123   the host refused: a port is busy, a file cannot be written
    124   the command line is wrong
    125   a bug in this tool
mirage run ends with the exit code of the unikernel:
    0     it ended in order
    1     a device could not be connected, or the application failed
    63    it showed its help or its version
    64    its arguments are wrong
    255   an exception that nobody caught`,
}

/** The name of every command, in the order in which a project needs them. */
export const COMMANDS = ['init', 'configure', 'build', 'run', 'describe', 'clean', 'help'] as const

/** The name of a command. */
export type CommandName = (typeof COMMANDS)[number]

/** The command of this name. Each is loaded when it is needed: `run` is not to wait for what `build` needs. */
export async function commandOf(name: CommandName): Promise<Command> {
  const modules = {
    init: () => import('./init.ts'),
    configure: () => import('./configure.ts'),
    build: () => import('./build.ts'),
    run: () => import('./run.ts'),
    describe: () => import('./describe.ts'),
    clean: () => import('./clean.ts'),
    help: async () => ({ command: ownCommand }),
  }
  // Each command reads just the words that its own `args` and `positional` describe.
  return (await modules[name]()).command
}

/** Whether there is a command of this name. */
export function isCommand(name: string): name is CommandName {
  return (COMMANDS as readonly string[]).includes(name)
}

/** Shows the help. */
const ownCommand: Command<Record<string, never>, typeof positional> = {
  name: 'help',
  summary: 'Shows this, or the help of a command or topic.',
  args: {},
  positional,
  takesRest: false,
  async run({ positional: { topic } }, terminal) {
    if (topic === undefined) terminal.print(await overview())
    else if (topic === 'topics') terminal.print([...COMMANDS, ...Object.keys(TOPICS)].join('\n'))
    else if (isCommand(topic)) terminal.print(commandHelp(await commandOf(topic)))
    else if (TOPICS[topic] !== undefined) terminal.print(TOPICS[topic])
    else {
      const near = nearest(topic, [...COMMANDS, ...Object.keys(TOPICS)])
      const hint = near === undefined ? 'mirage help topics lists them' : `did you mean ${near}?`
      return err(failure(124, `there is no topic ${topic}: ${hint}`))
    }
    return ok(0)
  },
}

/** All commands, a line each. */
export async function overview(): Promise<string> {
  const commands = await Promise.all(COMMANDS.map(commandOf))
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(11)}${summary}`)
  return [
    'usage: mirage COMMAND [options]',
    '',
    'Builds unikernels of TypeScript, and runs them.',
    '',
    ...lines,
    '',
    'mirage help COMMAND tells more about one, mirage help topics lists what else',
    'there is, mirage --version says which mirage this is.',
  ].join('\n')
}

/** What `mirage <name> --help` shows. */
export function commandHelp({ name, summary, more, args, positional }: Command): string {
  const groups = {
    own: { title: 'Options', args },
    common: { title: 'Options of every command', args: { ...common, ...asking } },
  }
  const said = more === undefined ? summary : `${summary} ${more}`
  return help({ name: `mirage ${name}`, summary: said, groups, positional })
}

/** What asks for the help is found before other words are read; here it stands to be shown. */
const asking = { help: flag({ alias: 'h', doc: 'Show this.' }) }

export { ownCommand as command }
