/**
 * Components: the modules that a unikernel is put together from.
 *
 * A device is a module with `connect(needs, args, about)`; the application is one with `start(devices, args)`. Both
 * may export `args`, a record of terms of `@mirage/argument`, and are given their values.
 */
import type { Arguments } from '@mirage/argument'
import { type Result, ok } from '@mirage/result'

/** What a device may know of the unikernel that it is in. */
export interface About {
  /** What the unikernel was built as, or what `--name` says. */
  readonly name: string
}

/**
 * A component as the runtime sees it. What it needs and gives is checked where it is wired, in `config.ts`;
 * here, where components of every type are in one list, it is not known.
 */
export interface Component {
  readonly args?: Arguments
  /** Makes the device, or says in one sentence to the user why it cannot. */
  connect?(
    needs: never,
    args: never,
    about: About,
  ): Result<unknown, string> | Promise<Result<unknown, string>>
  /** The application. The unikernel ends when it resolves. */
  start?(devices: never, args: never): Promise<Result<void, string> | void>
}

/** A component in its place: its own name, and which parts it needs, by the names that it gives them. */
export interface Part {
  readonly name: string
  readonly component: Component
  readonly needs: Readonly<Record<string, string>>
  /** Goes in front of the names of its arguments, to tell two of one kind apart: `lan` makes `--lan-ipv4`. */
  readonly group?: string
}

/** What an image was built from. */
export interface Info {
  readonly name: string
  readonly target: string
  /** The version of every package that is in the image, by the package's name. */
  readonly packages: Readonly<Record<string, string>>
}

/** What a unikernel is made of. */
export interface Program {
  readonly name: string
  /** Every part after those it needs. The last one is the application, the only one with `start`. */
  readonly parts: readonly Part[]
  readonly info?: Info
}

/** A component that gives a value known before the boot. */
export function constant(value: unknown): Component {
  return { connect: () => ok(value) }
}
