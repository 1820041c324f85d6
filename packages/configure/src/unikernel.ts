/** What `config.ts` exports: a unikernel, which is a main module and the devices that its `start` is given. */
import type { Devices, Device } from './device.ts'
import type { Option } from './option.ts'

/** The module of an application: what `typeof import('./website.ts')` has to be. */
export interface MainModule {
  start(devices: never, args: never): unknown
}

/** The devices that `start` of the main module `M` takes, each as a device of its type. */
export type DevicesOf<M> = M extends { start: (devices: infer D, ...rest: never[]) => unknown }
  ? Devices<D>
  : never

/** What a configuration says. */
export interface Configuration<M> {
  /** The image is `dist/<name>.mjs`. Letters, digits, `-` and `_`. */
  readonly name: string
  /** The path of the main module `M`, from config.ts: the same that `typeof import(...)` names. */
  readonly main: string
  /** A device for each that `start` takes, by the same name. */
  readonly devices: DevicesOf<M>
  /** Ports that `mirage run` opens on the host: `8080:80` leads its port 8080 to port 80 of the unikernel. */
  readonly publish?: readonly string[]
  /** Options that no device asks for, but that `mirage configure` shall know. */
  readonly options?: readonly Option[]
}

/** A unikernel, before it is built. */
export interface Unikernel {
  readonly kind: 'unikernel'
  readonly name: string
  readonly main: string
  readonly devices: Readonly<Record<string, Device<unknown>>>
  readonly publish: readonly string[]
  readonly options: readonly Option[]
}

/**
 * The default export of `config.ts`:
 *
 *     export default unikernel<typeof import('./website.ts')>({
 *       name: 'website',
 *       main: './website.ts',
 *       devices: { stack: stack(), files: kvRo('./htdocs') },
 *     })
 *
 * A device that is missing, too many or of another type is a type error at its line.
 */
export function unikernel<M extends MainModule>(configuration: Configuration<M>): Unikernel {
  const { name, main, devices, publish = [], options = [] } = configuration
  return { kind: 'unikernel', name, main, devices, publish, options }
}
