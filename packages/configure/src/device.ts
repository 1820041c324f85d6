/**
 * Devices as `config.ts` speaks of them: values that say how a device comes to be, before any of it runs.
 *
 * A device names the component that connects it and the devices that this component needs. It can need only
 * devices that already exist, so there are no cycles. Devices are compared by identity: one value that two others
 * need is connected once, two values are two devices.
 */
import type { Result } from '@mirage/result'
import type { Choices, Flag, OneOf, Option, OptionValue, Text } from './option.ts'

/** Where a component's code comes from. It is data: reading files is the tool's work. */
export type Source =
  /** A module: of a package (`@mirage/stack/device`), or of the project (`./my-device.ts`, from config.ts). */
  | { readonly kind: 'module'; readonly path: string }
  /** The file of this name in the package of the target: `net` is `@mirage/target-node/net` on `unix`. */
  | { readonly kind: 'target'; readonly file: string }
  /** Generated from the files in a folder (a path from config.ts): they are in the image. */
  | { readonly kind: 'crunch'; readonly folder: string | Text }
  /** Generated: connecting gives this value. */
  | { readonly kind: 'constant'; readonly value: Constant }
  /** Generated: connecting gives what the image was built from. */
  | { readonly kind: 'info' }

/** A value known when configuring: written down, or chosen by an option. */
export type Constant = string | number | boolean | Option

/** A device that is connected by one component. */
export interface Leaf<out T> {
  readonly kind: 'device'
  /** What it is, in one word: for the graph, and for errors. */
  readonly name: string
  readonly source: Source
  readonly needs: Readonly<Record<string, Device<unknown>>>
  /** Prefixed to the names of the component's arguments, to tell two alike apart: `--admin-ipv4`. */
  readonly group?: string
  /** Nothing is ever here: it tells the compiler what the device is once it is connected. */
  readonly connected?: T | undefined
}

/** A device that an option chooses. */
export interface Choice<out T> {
  readonly kind: 'choice'
  readonly option: OneOf | Flag
  readonly cases: Readonly<Record<string, Device<T>>>
  /** As in `Leaf`. */
  readonly connected?: T | undefined
}

/** How to make a `T`, once the unikernel boots. */
export type Device<T> = Leaf<T> | Choice<T>

/** What connecting the component `M` gives: the value of its `connect`. */
export type Connected<M> = M extends { connect: (...given: never[]) => infer R } ? ValueOf<Awaited<R>> : never
type ValueOf<R> = Extract<R, { readonly ok: true }> extends { readonly value: infer T } ? T : never

/** A device for every name of the record `D`. */
export type Devices<D> = unknown extends D ? NoDevices : { readonly [Name in keyof D]: Device<D[Name]> }
/** The record of a component that needs nothing. */
export type NoDevices = Readonly<Record<string, never>>

/** The devices that the component `M` needs, by the names it gives them. */
export type NeedsOf<M> = M extends { connect: (needs: infer N, ...rest: never[]) => unknown }
  ? Devices<N>
  : never

/** A module that connects devices: what `typeof import('./my-device.ts')` has to be. */
export interface DeviceModule {
  connect(
    needs: never,
    args: never,
    about: { readonly name: string },
  ): Result<unknown, string> | Promise<Result<unknown, string>>
}

/** Where the module is, what it is called, and what it is given. */
export interface DeviceSettings<M> {
  readonly name: string
  /** The path of the module `M`: the same that `typeof import(...)` names. */
  readonly module: string
  readonly needs: NeedsOf<M>
  readonly group?: string
}

/**
 * A device that a module of yours connects:
 *
 *     device<typeof import('./led.ts')>({ name: 'led', module: './led.ts', needs: { clock: clock() } })
 */
export function device<M extends DeviceModule>(settings: DeviceSettings<M>): Device<Connected<M>> {
  const { name, module, needs, group } = settings
  return leaf(name, { kind: 'module', path: module }, needs, group)
}

/** A device that the package of the target connects with the module `file`. */
export function targetDevice<T>(
  file: string,
  needs: Readonly<Record<string, Device<unknown>>>,
  group?: string,
): Device<T> {
  return leaf(file, { kind: 'target', file }, needs, group)
}

/** A device from any source. Nothing checks that the source gives a `T`. */
export function leaf<T>(
  name: string,
  source: Source,
  needs: Readonly<Record<string, Device<unknown>>> = {},
  group?: string,
): Device<T> {
  return { kind: 'device', name, source, needs, ...(group === undefined ? {} : { group }) }
}

/** A value that is known when configuring, for a component that needs one. */
export function constant<const V extends Constant>(value: V): Device<ConstantValue<V>> {
  return leaf('constant', { kind: 'constant', value })
}

/** What a constant is to the component that needs it: the value of an option, not the option. */
export type ConstantValue<V extends Constant> = V extends { readonly kind: 'flag' }
  ? boolean
  : V extends { readonly values: readonly (infer W)[] }
    ? W
    : V extends { readonly kind: 'text' }
      ? string
      : V

/** The device that `option` chooses: every one of its values has a case, and all give the same thing. */
export function match<V extends string, T>(option: OneOf<V>, cases: Readonly<Record<V, Device<T>>>): Device<T>
export function match<T>(option: Flag, cases: Readonly<Record<'true' | 'false', Device<T>>>): Device<T>
export function match<T>(option: OneOf | Flag, cases: Readonly<Record<string, Device<T>>>): Device<T> {
  return { kind: 'choice', option, cases }
}

/** The case of `choice` that holds under `choices`. */
export function chosen<T>(choice: Choice<T>, choices: Choices): Device<T> | undefined {
  const value: OptionValue = choices[choice.option.name] ?? choice.option.default
  return choice.cases[String(value)]
}
