/** `mirage build` */
import { ok } from '@mirage/result'
import { current } from '../built.ts'
import { type Command, output } from '../command.ts'
import { needContext } from '../context.ts'
import { find } from '../project.ts'
import { table } from '../sizes.ts'

/** Links the unikernel. */
export const command: Command<typeof output, Record<string, never>> = {
  name: 'build',
  summary: 'Links the unikernel, and says what every package puts into it.',
  args: output,
  positional: {},
  takesRest: false,
  async run({ common, args }, terminal) {
    const project = find(common.file, terminal.folder)
    if (!project.ok) return project
    const configured = needContext(project.value)
    if (!configured.ok) return configured
    const context = args.output === '' ? configured.value : { ...configured.value, output: args.output }
    const known = current(project.value, context)
    if (known !== undefined) {
      for (const line of table(known)) terminal.say(line)
      terminal.say(`${known.image} is up to date`)
      return ok(0)
    }
    const { build } = await import('../build.ts')
    const built = await build(project.value, context)
    if (!built.ok) return built
    for (const line of table(built.value)) terminal.say(line)
    return ok(0)
  },
}
