/** Whether a silent peer is still there: RFC 9293 §3.8.4, off unless asked for. */
import type { Millis } from '@mirage/clock'
import type { KeepAlive } from './tcp.ts'

export type Step =
  /** Nothing to do for this long. */
  | { readonly kind: 'wait'; readonly duration: Millis }
  /** Ask; with this one, `probesSent` are accounted for. */
  | { readonly kind: 'probe'; readonly probesSent: number }
  | { readonly kind: 'close' }

/**
 * What to do after `silence`, with `probesSent` accounted for since the peer was last heard. Probes that were
 * due while nobody looked are skipped, never sent back to back.
 */
export function next(config: KeepAlive, silence: Millis, probesSent: number): Step {
  if (silence < config.after) return { kind: 'wait', duration: config.after - silence }
  const due = Math.floor((silence - config.after) / config.interval)
  if (due > config.probes) return { kind: 'close' }
  if (due > probesSent) return { kind: 'probe', probesSent: due }
  return { kind: 'wait', duration: config.interval - ((silence - config.after) % config.interval) }
}
