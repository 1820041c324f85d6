/** What a machine image wants of whoever starts it: its networks and disks, by name. */
import type { Constant } from './device.ts'
import type { Graph, Node } from './graph.ts'
import { type Choices, type Target, valueOf } from './option.ts'

/** A device that is attached from outside. */
export interface Attachment {
  readonly kind: 'net' | 'block'
  /** As the image's manifest has it: letters and digits, 1 to 67. */
  readonly name: string
  /** The node of the graph that it is. */
  readonly node: string
  /** In front of the names of the arguments of what uses it. */
  readonly group: string | undefined
  /** The file that a disk is, from where the unikernel is started; nothing for a network. */
  readonly path: string | undefined
}

/** Whether a unikernel for `target` is a machine image, and not a process of the host. */
export function isImage(target: Target): boolean {
  return target === 'spt' || target === 'virtio'
}

/**
 * The devices of `graph` to attach. A network is called `service`, or as its group; a disk as its file, without the
 * folder and the ending.
 */
export function attachments(graph: Graph, choices: Choices): readonly Attachment[] {
  const taken = new Set<string>()
  return graph.nodes.flatMap((node): Attachment[] => {
    const { source, group } = node.device
    if (source.kind !== 'target') return []
    if (source.file === 'net') {
      const name = freeName(group ?? 'service', taken)
      return [{ kind: 'net', name, node: node.name, group, path: undefined }]
    }
    if (source.file !== 'block') return []
    const path = String(constantNeed(graph, node, 'path', choices))
    const base = path.slice(path.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '')
    return [{ kind: 'block', name: freeName(base, taken), node: node.name, group, path }]
  })
}

/** One sentence for every device of `graph` that `target` does not have. */
export function unavailable(graph: Graph, target: Target): readonly string[] {
  if (!isImage(target)) return []
  return graph.nodes.flatMap(({ name, device: { source } }) => {
    const what = source.kind === 'target' ? OF_UNIX[source.file] : undefined
    return what === undefined
      ? []
      : [`${name}: ${what.thing} is a device of unix, which ${target} does not have; ${what.instead}`]
  })
}

/** The devices of a process that no machine has, and what to choose instead. */
const OF_UNIX: Readonly<Record<string, { readonly thing: string; readonly instead: string }>> = {
  kv: { thing: 'a folder of the host', instead: '--kv_ro crunch bakes it in' },
  stack: { thing: "the host's network", instead: '--net direct is our own' },
}

/** The value that a constant has under `choices`. */
export function constantOf(value: Constant, choices: Choices): string | number | boolean {
  return typeof value === 'object' ? valueOf(value, choices) : value
}

function constantNeed(graph: Graph, node: Node, need: string, choices: Choices): string | number | boolean {
  const source = graph.nodes.find(({ name }) => name === node.needs[need])?.device.source
  return source?.kind === 'constant' ? constantOf(source.value, choices) : ''
}

const NAME_SIZE = 67

/** A name like `wish` that a manifest can have, and that no other has. */
function freeName(wish: string, taken: Set<string>): string {
  const base = wish.replace(/[^A-Za-z0-9]/g, '').slice(0, NAME_SIZE - 2) || 'storage'
  let name = base
  for (let count = 2; taken.has(name); count++) name = `${base}${count}`
  taken.add(name)
  return name
}
