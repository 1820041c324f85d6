/** What an image is run on, as far as a person chooses it. */

/** What a person may say about the machine. */
export interface Machine {
  /** MB; nothing for what the target usually has. */
  readonly memory: number | undefined
  /** Files for disks, by the disk's name, in place of those that the configuration names. */
  readonly disks: ReadonlyMap<string, string>
}

/**
 * Where the networks are: streams to the tool, from descriptor 3 on; TAP devices that the tool has opened, likewise; or
 * TAP devices that a command line in a terminal can name.
 */
export type Wiring = 'streams' | 'open-taps' | 'taps'
