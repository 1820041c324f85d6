/** The graph of a unikernel as a picture: DOT for Graphviz, Mermaid for Markdown. */
import type { Device, Source } from './device.ts'
import type { Choices } from './option.ts'
import type { Unikernel } from './unikernel.ts'

interface Edge {
  readonly from: number
  readonly to: number
  readonly label: string
  /** A need is drawn through; of the cases of a choice, the one that holds is bold and the others are dotted. */
  readonly style: 'solid' | 'bold' | 'dotted'
}

interface Shape {
  readonly lines: readonly string[]
  readonly choice: boolean
}

interface Picture {
  readonly shapes: readonly Shape[]
  readonly edges: readonly Edge[]
}

/**
 * What is drawn. Under `choices`, only the devices that were chosen; without, every choice as a node of its own.
 */
function draw(unikernel: Unikernel, choices: Choices | undefined): Picture {
  const shapes: Shape[] = [{ lines: [unikernel.name, unikernel.main], choice: false }]
  const edges: Edge[] = []
  const numbers = new Map<Device<unknown>, number>()
  const number = (given: Device<unknown>): number => {
    const device = choices === undefined ? given : evaluated(given, choices)
    const known = numbers.get(device)
    if (known !== undefined) return known
    const at = shapes.length
    numbers.set(device, at)
    if (device.kind === 'choice') {
      shapes.push({ lines: ['If', device.option.name], choice: true })
      for (const [value, next] of Object.entries(device.cases)) {
        const style = value === String(device.option.default) ? 'bold' : 'dotted'
        edges.push({ from: at, to: number(next), label: value, style })
      }
    } else {
      shapes.push({ lines: [device.name, sourceText(device.source)], choice: false })
      for (const [need, next] of Object.entries(device.needs)) {
        edges.push({ from: at, to: number(next), label: need, style: 'solid' })
      }
    }
    return at
  }
  for (const [name, device] of Object.entries(unikernel.devices)) {
    edges.push({ from: 0, to: number(device), label: name, style: 'solid' })
  }
  return { shapes, edges }
}

function evaluated(device: Device<unknown>, choices: Choices): Device<unknown> {
  let at = device
  while (at.kind === 'choice') {
    const next: Device<unknown> | undefined = at.cases[String(choices[at.option.name] ?? at.option.default)]
    if (next === undefined) return at
    at = next
  }
  return at
}

/** Where a device's code comes from, in a word or two. */
export function sourceText(source: Source): string {
  switch (source.kind) {
    case 'module':
      return source.path
    case 'target':
      return `target: ${source.file}`
    case 'crunch':
      return `files: ${typeof source.folder === 'string' ? source.folder : source.folder.name}`
    case 'constant':
      return typeof source.value === 'object' ? `option: ${source.value.name}` : JSON.stringify(source.value)
    case 'info':
      return 'of this build'
  }
}

/** The graph in Graphviz's language. */
export function dot(unikernel: Unikernel, choices?: Choices): string {
  const { shapes, edges } = draw(unikernel, choices)
  const lines = shapes.map(({ lines, choice }, index) => {
    const label = lines.map((line) => line.replaceAll(/["\\]/g, '\\$&')).join('\\n')
    return `  ${index} [label="${label}", shape="${choice ? 'circle' : 'box'}"];`
  })
  for (const { from, to, label, style } of edges) {
    lines.push(`  ${from} -> ${to} [label="${label}", style="${style}"];`)
  }
  return `digraph G {\n  ordering="out";\n${lines.join('\n')}\n}\n`
}

/** The graph in Mermaid's language. */
export function mermaid(unikernel: Unikernel, choices?: Choices): string {
  const { shapes, edges } = draw(unikernel, choices)
  const lines = shapes.map(({ lines, choice }, index) => {
    const label = lines.map((line) => line.replaceAll('"', '#quot;')).join('<br/>')
    return choice ? `  n${index}(("${label}"))` : `  n${index}["${label}"]`
  })
  const arrows = { solid: '-->', bold: '==>', dotted: '-.->' }
  for (const { from, to, label, style } of edges) lines.push(`  n${from} ${arrows[style]}|${label}| n${to}`)
  return `graph TD\n${lines.join('\n')}\n`
}
