/**
 * What a program counts, as values: whoever counts says what its numbers mean when it is asked, and nothing is
 * registered, kept or reset here.
 */

/** What tells the samples of one metric apart: `{ layer: 'ip', reason: 'bad-checksum' }`. */
export type Labels = Readonly<Record<string, string>>

/** A number at the time it was asked for. */
export interface Sample {
  readonly labels: Labels
  readonly value: number
}

/** Numbers of one meaning. */
export interface Metric {
  /** Letters, digits and underscores, with the unit last: `mirage_tcp_memory_bytes`. That of a counter ends in `_total`. */
  readonly name: string
  /** One sentence for a person. */
  readonly help: string
  /** A counter only grows, and begins at zero when the program does. A gauge goes up and down. */
  readonly kind: 'counter' | 'gauge'
  readonly samples: readonly Sample[]
}

/** Numbers by name, as layers keep them: `drops`, `counters`. */
export type Counts = Readonly<Record<string, number>>

/** A counter with one sample for each of `counts`, whose name is the value of the label `label`. */
export function counters(name: string, help: string, label: string, counts: Counts): Metric {
  const samples = Object.entries(counts).map(([key, value]) => ({ labels: { [label]: kebab(key) }, value }))
  return { name, help, kind: 'counter', samples }
}

/** A gauge of one sample. */
export function gauge(name: string, help: string, value: number): Metric {
  return { name, help, kind: 'gauge', samples: [{ labels: {}, value }] }
}

/** What was not handed on or not sent by each of `layers`, by reason: one metric for all, so that they can be summed. */
export function drops(layers: Readonly<Record<string, Counts>>): Metric {
  const samples = Object.entries(layers).flatMap(([layer, counts]) =>
    Object.entries(counts).map(([reason, value]) => ({ labels: { layer, reason: kebab(reason) }, value })),
  )
  const help = 'What was not handed on or not sent, by the layer that dropped it, and why.'
  return { name: 'mirage_drops_total', help, kind: 'counter', samples }
}

/** `metrics` with `labels` on every sample: which of several stacks they are of. */
export function labelled(metrics: readonly Metric[], labels: Labels): readonly Metric[] {
  return metrics.map((metric) => ({
    ...metric,
    samples: metric.samples.map((sample) => ({ ...sample, labels: { ...labels, ...sample.labels } })),
  }))
}

/** `resetsOut` as `resets-out`, as reasons are written. */
function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
