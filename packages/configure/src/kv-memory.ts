/** The component of `memoryKv()`: an empty store in memory. */
import type { Clock } from '@mirage/clock'
import type { Kv } from '@mirage/kv'
import { memory } from '@mirage/kv/memory'
import { type Ok, ok } from '@mirage/result'

/** Makes the store. Its values are dated by `clock`. */
export function connect({ clock }: { readonly clock: Clock }): Ok<Kv> {
  return ok(memory({ clock }))
}
