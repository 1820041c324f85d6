/** `mirage describe` */
import { flag } from '@mirage/argument'
import { dot, mermaid, sourceText } from '@mirage/configure/picture'
import type { Graph } from '@mirage/configure/graph'
import { err, ok } from '@mirage/result'
import { fromProject, imagePath } from '../built.ts'
import { type Command, output } from '../command.ts'
import { readContext } from '../context.ts'
import { writeWhole } from '../file.ts'
import { load, wire } from '../load.ts'
import { failure, reason } from '../problem.ts'
import { find } from '../project.ts'
import { choose, describeChoices } from './configure.ts'
import { resolve } from 'node:path'

const args = {
  dot: flag({ doc: "Draw the graph in Graphviz's language." }),
  mermaid: flag({ doc: "Draw the graph in Mermaid's language." }),
  eval: flag({ doc: 'Draw only what the options choose. So it is once the project is configured.' }),
  noEval: flag({ doc: 'Draw all that the options could choose.' }),
  output: { ...output.output, doc: 'Write to this file instead of the terminal.' },
}

/** Says what the unikernel is made of. */
export const command: Command<typeof args, Record<string, never>> = {
  name: 'describe',
  summary: 'Says what the unikernel is made of.',
  args,
  positional: {},
  takesRest: true,
  async run({ common, args, rest }, terminal) {
    if (args.dot && args.mermaid) return err(failure(124, 'either --dot or --mermaid, not both'))
    const project = find(common.file, terminal.folder)
    if (!project.ok) return project
    const context = readContext(project.value)
    if (!context.ok) return context
    const loaded = await load(project.value, { types: false })
    if (!loaded.ok) return loaded
    const { unikernel, options } = loaded.value
    const given = choose(loaded.value, rest)
    if (!given.ok) return given
    const choices = rest.length > 0 ? given.value : (context.value?.choices ?? given.value)
    const isEvaluated = args.eval || (!args.noEval && (context.value !== undefined || rest.length > 0))
    const drawn = isEvaluated ? choices : undefined
    let text: string
    if (args.dot) text = dot(unikernel, drawn)
    else if (args.mermaid) text = mermaid(unikernel, drawn)
    else {
      const graph = wire(loaded.value, choices, project.value)
      if (!graph.ok) return graph
      const image = imagePath(project.value, unikernel.name, context.value ?? { choices, output: undefined })
      text = [
        `Name     ${unikernel.name}`,
        `Main     ${unikernel.main}`,
        `Options  ${describeChoices(options, choices)}`,
        `Output   ${fromProject(project.value, image)}`,
        'Devices',
        ...devices(graph.value),
        '',
      ].join('\n')
    }
    if (args.output === '') {
      terminal.print(text.trimEnd())
      return ok(0)
    }
    try {
      writeWhole(resolve(terminal.folder, args.output), text)
    } catch (error) {
      return err(failure(123, `${args.output} cannot be written: ${reason(error)}`))
    }
    return ok(0)
  },
}

/** A line for each device, in the order in which they are connected. */
function devices({ nodes }: Graph): readonly string[] {
  const rows = nodes.map(({ name, device, needs }) => [
    name,
    sourceText(device.source),
    Object.values(needs).join(', '),
  ])
  const width = (column: number): number => Math.max(0, ...rows.map((row) => row[column]!.length))
  return rows.map(([name, source, needs]) => {
    const left = `  ${name!.padEnd(width(0))}  ${source!.padEnd(width(1))}`
    return needs === '' ? left.trimEnd() : `${left}  needs ${needs}`
  })
}
