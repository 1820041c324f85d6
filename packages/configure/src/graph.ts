/** The graph of a unikernel: which options it has, and, once they are chosen, which devices in which order. */
import { type Result, err, ok } from '@mirage/result'
import { type Device, type Leaf, chosen } from './device.ts'
import { type Choices, type Option, target } from './option.ts'
import { parsePublish } from './publish.ts'
import type { Unikernel } from './unikernel.ts'

/** One device of a configured unikernel. */
export interface Node {
  /** Unique in the graph: the name that `devices` gives it, or the device's own. */
  readonly name: string
  readonly device: Leaf<unknown>
  /** Whom it is given: what it calls each need, and the name of the node that it is. */
  readonly needs: Readonly<Record<string, string>>
}

/** What a configured unikernel is made of. */
export interface Graph {
  /** Each device once, after everything it needs. */
  readonly nodes: readonly Node[]
  /** What `start` is given: its own name for each device, and the node's. */
  readonly devices: Readonly<Record<string, string>>
}

/** Something that is wrong with a configuration. */
export interface Complaint {
  /** One sentence. */
  readonly message: string
  /** The text in the configuration that it is about, if it is about one. */
  readonly about?: string
}

/** Everything that is wrong with a configuration and that no type says. */
export function problems(unikernel: Unikernel): readonly Complaint[] {
  const { name: about } = unikernel
  const found: Complaint[] = []
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(unikernel.name)) {
    found.push({ message: `name: '${about}' is not a name: letters, digits, - and _`, about })
  }
  const { main } = unikernel
  if (!/^[./]/.test(main))
    found.push({ message: `main: '${main}' is no path: write './${main}'`, about: main })
  found.push(...wrongRules(unikernel.publish))
  for (const [name, device] of Object.entries(unikernel.devices)) {
    if (!isDevice(device)) found.push({ message: `devices.${name}: this is not a device` })
  }
  return found.length > 0 ? found : missingCases(unikernel)
}

function wrongRules(rules: readonly string[]): readonly Complaint[] {
  const taken = new Set<string>()
  return rules.flatMap((about) => {
    const rule = parsePublish(about)
    if (rule === undefined) {
      return [{ message: `publish: '${about}' is not <host port>:<port of the unikernel>`, about }]
    }
    const { protocol, hostAddress, hostPort } = rule
    const port = `${protocol} ${hostAddress} ${hostPort}`
    if (hostPort === 0 || !taken.has(port)) {
      taken.add(port)
      return []
    }
    return [{ message: `publish: '${about}' takes a port of the host that is taken above`, about }]
  })
}

/** The options that `unikernel` has: `target`, then its own in the order of its devices. */
export function optionsOf(unikernel: Unikernel): Result<readonly Option[], string> {
  const options = new Map<string, Option>([[target.name, target]])
  for (const option of [...unikernel.options, ...[...reachable(unikernel)].flatMap(optionsIn)]) {
    // The configuration may have another copy of this package, so an option is what it says, not which object it is.
    const known = options.get(option.name)
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(option))
      return err(`the option ${option.name} is declared twice`)
    options.set(option.name, option)
  }
  return ok([...options.values()])
}

/** The devices of `unikernel` under `choices`. It has no `problems`, and `choices` are values of its options. */
export function resolve(unikernel: Unikernel, choices: Choices): Graph {
  const names = new Map<Leaf<unknown>, string>()
  const nodes = new Map<Leaf<unknown>, Node>()
  const taken = new Set<string>()
  const nameFor = (leaf: Leaf<unknown>, wish: string): string => {
    const name = names.get(leaf) ?? free(wish, taken)
    taken.add(name)
    names.set(leaf, name)
    return name
  }
  const visit = (leaf: Leaf<unknown>, wish: string): string => {
    const known = nodes.get(leaf)
    if (known !== undefined) return known.name
    const name = nameFor(leaf, wish)
    const needs: Record<string, string> = {}
    for (const [need, device] of Object.entries(leaf.needs)) {
      const needed = pick(device, choices)
      needs[need] = visit(needed, needed.source.kind === 'constant' ? need : needed.name)
    }
    nodes.set(leaf, { name, device: leaf, needs })
    return name
  }
  const roots = Object.entries(unikernel.devices).map(
    ([name, device]) => [name, pick(device, choices)] as const,
  )
  for (const [name, leaf] of roots) nameFor(leaf, name)
  const devices: Record<string, string> = {}
  for (const [name, leaf] of roots) devices[name] = visit(leaf, name)
  return { nodes: [...nodes.values()], devices }
}

/** The device that `device` is under `choices`. */
export function pick(device: Device<unknown>, choices: Choices): Leaf<unknown> {
  let picked: Device<unknown> | undefined = device
  while (picked?.kind === 'choice') picked = chosen(picked, choices)
  if (picked === undefined) throw new Error('configure: a choice without a case')
  return picked
}

/** Every device that `unikernel` may have under some choice, each once. */
function reachable(unikernel: Unikernel): ReadonlySet<Device<unknown>> {
  const seen = new Set<Device<unknown>>()
  const visit = (device: Device<unknown>): void => {
    if (seen.has(device)) return
    seen.add(device)
    for (const next of Object.values(device.kind === 'choice' ? device.cases : device.needs)) visit(next)
  }
  for (const device of Object.values(unikernel.devices)) visit(device)
  return seen
}

function optionsIn(device: Device<unknown>): readonly Option[] {
  if (device.kind === 'choice') return [device.option]
  const { source } = device
  if (source.kind === 'crunch') return typeof source.folder === 'string' ? [] : [source.folder]
  return source.kind === 'constant' && typeof source.value === 'object' ? [source.value] : []
}

function missingCases(unikernel: Unikernel): readonly Complaint[] {
  return [...reachable(unikernel)].flatMap((device) => {
    if (device.kind !== 'choice') return []
    const values = device.option.kind === 'flag' ? ['true', 'false'] : device.option.values
    return values
      .filter((value) => device.cases[value] === undefined)
      .map((value) => ({ message: `the option ${device.option.name} has no device for its value ${value}` }))
  })
}

function isDevice(value: unknown): value is Device<unknown> {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false
  return value.kind === 'device' || value.kind === 'choice'
}

function free(wish: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wish)) return wish
  let count = 2
  while (taken.has(`${wish}-${count}`)) count += 1
  return `${wish}-${count}`
}
