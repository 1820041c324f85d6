/**
 * Options: what a person chooses when configuring, as `mirage configure --kv_ro direct`.
 *
 * An option decides which devices a unikernel is made of, so its value is part of the image. What can wait until
 * the unikernel boots is an argument instead, and belongs to the component that understands it.
 */
import type { Argument } from '@mirage/argument'
import * as argument from '@mirage/argument'

/** What an option's value can be. */
export type OptionValue = string | boolean

/** The values chosen, by the option's name. An option that is not here has its default. */
export type Choices = Readonly<Record<string, OptionValue>>

/** A choice of one out of a few named values. */
export interface OneOf<out V extends string = string> {
  readonly kind: 'oneOf'
  /** As on the command line, without dashes. */
  readonly name: string
  /** One line for the help text. */
  readonly doc: string
  readonly values: readonly V[]
  /** Values that people know from elsewhere and that do not exist yet: they get an answer of their own. */
  readonly later: readonly string[]
  readonly default: V
}

/** Free text, such as the name of a folder. */
export interface Text {
  readonly kind: 'text'
  readonly name: string
  readonly doc: string
  readonly default: string
}

/** On if it is given, off if not. */
export interface Flag {
  readonly kind: 'flag'
  readonly name: string
  readonly doc: string
  readonly default: boolean
}

/** Any option. */
export type Option = OneOf | Text | Flag

/** An option `--name value` whose value is one of `values`. */
export function oneOf<const V extends string>(
  name: string,
  values: readonly V[],
  settings: { readonly default: NoInfer<V>; readonly doc: string; readonly later?: readonly string[] },
): OneOf<V> {
  return {
    kind: 'oneOf',
    name,
    values,
    default: settings.default,
    doc: settings.doc,
    later: settings.later ?? [],
  }
}

/** An option `--name value` with any value. */
export function text(name: string, settings: { readonly default: string; readonly doc: string }): Text {
  return { kind: 'text', name, ...settings }
}

/** An option `--name` that is off unless it is given. */
export function flag(name: string, settings: { readonly doc: string; readonly default?: boolean }): Flag {
  return { kind: 'flag', name, doc: settings.doc, default: settings.default ?? false }
}

/** The option as a term of a command line. */
export function term(option: Option): Argument<OptionValue> {
  const { doc, default: absent } = option
  switch (option.kind) {
    case 'text':
      return argument.text({ doc, default: option.default })
    case 'flag':
      return argument.flag({ doc, default: option.default })
    case 'oneOf':
      return argument.oneOf(option.values, { doc, default: String(absent) })
  }
}

/** The value of `option` among `choices`, or its default. */
export function valueOf(option: Option, choices: Choices): OptionValue {
  return choices[option.name] ?? option.default
}

/**
 * What a unikernel can run on today: a process of Node (`macosx` is `unix` on a Mac), a sealed process, a virtual
 * machine.
 */
export type Target = 'unix' | 'macosx' | 'spt' | 'virtio'

/** `--target`: what the unikernel runs on. The tool replaces the default by the system it runs on. */
export const target: OneOf<Target> = oneOf('target', ['unix', 'macosx', 'spt', 'virtio'], {
  default: 'unix',
  doc: 'What the unikernel runs on.',
  later: ['hvt', 'xen', 'qubes', 'muen', 'genode', 'unikraft-firecracker', 'unikraft-qemu'],
})

/** `--net`: our own network stack on a device, or the host's; `socket` is another name for the latter. */
export const netOption: OneOf<'direct' | 'host' | 'socket'> = oneOf('net', ['direct', 'host', 'socket'], {
  default: 'direct',
  doc: "Where the network stack comes from: ours, on a network device (direct), or the host's (host, or socket).",
  later: ['ocaml'],
})

/** `--kv_ro`: where a read-only store has its files. */
export const kvRoOption: OneOf<'crunch' | 'direct'> = oneOf('kv_ro', ['crunch', 'direct'], {
  default: 'crunch',
  doc: 'Where read-only stores have their files: in the image (crunch), or in a folder of the host (direct).',
  later: ['archive', 'fat'],
})

/** `--block`: where a block device has its sectors. */
export const blockOption: OneOf<'ramdisk' | 'file'> = oneOf('block', ['ramdisk', 'file'], {
  default: 'ramdisk',
  doc: 'Where block devices have their sectors: in memory (ramdisk), or in a file of the host (file).',
  later: ['xenstore'],
})
