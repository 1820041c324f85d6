/** `mirage run` */
import { list, text } from '@mirage/argument'
import { parsePublish } from '@mirage/configure/publish'
import { err, ok } from '@mirage/result'
import { stopBundler } from '../bundler.ts'
import { type Built, current } from '../built.ts'
import type { Command } from '../command.ts'
import { needContext } from '../context.ts'
import { failure } from '../problem.ts'
import { find } from '../project.ts'
import { run } from '../run.ts'
import { bytes } from '../sizes.ts'
import type { Terminal } from '../terminal.ts'

const args = {
  publish: list(
    text({ docv: 'HOST:PORT', doc: 'Lead this port of the host to that port of the unikernel, as 8080:80.' }),
  ),
}

/** Runs the unikernel, on a network of its own if it has one. */
export const command: Command<typeof args, Record<string, never>> = {
  name: 'run',
  summary: 'Builds the unikernel if that is needed, and runs it.',
  more: 'Words it does not know, and all after --, are for the unikernel: mirage run -- --help.',
  args,
  positional: {},
  takesRest: true,
  async run({ common, args: { publish }, rest }, terminal) {
    const wrong = publish.find((rule) => parsePublish(rule) === undefined)
    if (wrong !== undefined) {
      return err(
        failure(
          124,
          `option --publish: invalid value "${wrong}", expected <host port>:<port of the unikernel>`,
        ),
      )
    }
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
    announce(built, terminal)
    const ended = await run(project.value, built, merged(built.publish, publish), rest, terminal)
    return ended.ok ? ok(ended.value) : ended
  },
}

function announce({ name, target, image, size, gzipSize }: Built, { say, colors }: Terminal): void {
  const weight = `${bytes(size)}, ${bytes(gzipSize)} with gzip`
  say(`${colors.bold(name)} for ${target}: ${image} (${weight})`)
}

/** The rules of the configuration, but for the ports of the unikernel that the command line leads elsewhere. */
function merged(configured: readonly string[], given: readonly string[]): readonly string[] {
  const inner = (rule: string): string => rule.slice(rule.lastIndexOf(':') + 1)
  const moved = new Set(given.map(inner))
  return [...configured.filter((rule) => !moved.has(inner(rule))), ...given]
}
