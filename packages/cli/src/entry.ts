/** The module that a unikernel begins with: one import for each component, and a table of who is given what. */
import type { Unikernel } from '@mirage/configure'
import { type Attachment, attachments, constantOf, isImage } from '@mirage/configure/attachment'
import type { Source } from '@mirage/configure/device'
import type { Graph, Node } from '@mirage/configure/graph'
import type { Choices, Target } from '@mirage/configure/option'

/** The package that has the devices of each target. */
const PACKAGES: Readonly<Record<Target, string>> = {
  unix: '@mirage/target-node',
  macosx: '@mirage/target-node',
  spt: '@mirage/target-solo5',
  virtio: '@mirage/target-solo5',
}

/** What the entry module is called where a file would have its name. */
export const ENTRY = 'entry.mjs'

/** What stands in the image for the versions of its packages, which are known once it is linked. */
export const PACKAGES_MARK = '@mirage:packages@'

/** The specifier of the module that is generated from the files in `folder`. */
export function crunchSpecifier(folder: string): string {
  return `mirage-files:${folder}`
}

/** The source of the entry module. It says nothing that depends on where the project is, or when. */
export function entry(unikernel: Unikernel, graph: Graph, choices: Choices): string {
  const target = choices['target'] as Target
  const imports = [`import { main } from '${PACKAGES[target]}/start'`]
  const rows: string[] = []
  const attached = isImage(target) ? attachments(graph, choices) : []
  graph.nodes.forEach((node, index) => {
    const variable = `c${index}`
    const component = componentOf(node.device.source, target, choices)
    if (component.kind === 'import')
      imports.push(`import * as ${variable} from ${JSON.stringify(component.specifier)}`)
    const expression = component.kind === 'import' ? variable : component.expression
    rows.push(row(node, attachedAs(expression, node, attached)))
  })
  imports.push(`import * as application from ${JSON.stringify(unikernel.main)}`)
  const info = { name: unikernel.name, target, packages: PACKAGES_MARK }
  return [
    ...imports,
    `const info = ${JSON.stringify(info)}`,
    `main({ name: ${JSON.stringify(unikernel.name)}, info, components: [`,
    ...rows,
    `  { name: ${JSON.stringify(unikernel.name)}, component: application, needs: ${JSON.stringify(graph.devices)} },`,
    '] })',
    '',
  ].join('\n')
}

function row({ name, device, needs }: Node, component: string): string {
  const group = device.group === undefined ? '' : `, group: ${JSON.stringify(device.group)}`
  return `  { name: ${JSON.stringify(name)}, component: ${component}, needs: ${JSON.stringify(needs)}${group} },`
}

/** A device that is attached from outside is told under which name; the component is `expression`. */
function attachedAs(expression: string, { name }: Node, attached: readonly Attachment[]): string {
  const found = attached.find(({ node }) => node === name)
  if (found === undefined) return expression
  return `{ connect: () => ${expression}.connect(${JSON.stringify({ name: found.name })}) }`
}

type Component = { kind: 'import'; specifier: string } | { kind: 'inline'; expression: string }

function componentOf(source: Source, target: Target, choices: Choices): Component {
  switch (source.kind) {
    case 'module':
      return { kind: 'import', specifier: source.path }
    case 'target':
      return { kind: 'import', specifier: `${PACKAGES[target]}/${source.file}` }
    case 'crunch':
      return { kind: 'import', specifier: crunchSpecifier(String(constantOf(source.folder, choices))) }
    case 'constant':
      return inline(JSON.stringify(constantOf(source.value, choices)))
    case 'info':
      return inline('info')
  }
}

function inline(value: string): Component {
  return { kind: 'inline', expression: `{ connect: () => ({ ok: true, value: ${value} }) }` }
}
