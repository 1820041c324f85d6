/** The console of a unikernel: text out for a person, bytes in from one. */
import type { Flow } from '@mirage/flow'

/** A flow to and from a person, which is never reset. */
export interface Console extends Flow {
  /**
   * Shows `line` and ends it. Lines appear whole and in order with each other and with what was written.
   * After `close` they are silently discarded.
   */
  log(line: string): void
}
