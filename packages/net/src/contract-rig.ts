/** What the tests of `netContract` are run on. */
import type { Net } from './net.ts'

/** Two devices on a link that loses nothing, each the only one that the other can reach. */
export interface Rig {
  readonly a: Net
  readonly b: Net
  /** Waits until everything written has arrived, and everything written in answer. */
  readonly arrived: () => Promise<void>
}
