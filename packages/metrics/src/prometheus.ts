/** The text format of Prometheus, version 0.0.4: what its server, and most others, read over HTTP. */
import { assert } from '@mirage/result'
import type { Labels, Metric, Sample } from './metrics.ts'

/** The media type of the text. */
export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/**
 * `metrics` as text. Those of one name, which must be of one kind, become one group, as the format asks. A name or a
 * label that it does not allow throws.
 */
export function emit(metrics: readonly Metric[]): string {
  return [...grouped(metrics).values()].map(group).join('')
}

function grouped(metrics: readonly Metric[]): Map<string, Metric> {
  const groups = new Map<string, Metric>()
  for (const metric of metrics) {
    const known = groups.get(metric.name)
    assert(known === undefined || known.kind === metric.kind, 'metrics of one name are of one kind')
    const samples = known === undefined ? metric.samples : [...known.samples, ...metric.samples]
    groups.set(metric.name, { ...(known ?? metric), samples })
  }
  return groups
}

function group({ name, help, kind, samples }: Metric): string {
  assert(NAME.test(name), `${name} is the name of a metric`)
  const head = `# HELP ${name} ${escape(help)}\n# TYPE ${name} ${kind}\n`
  return head + samples.map((sample) => line(name, sample)).join('')
}

function line(name: string, { labels, value }: Sample): string {
  return `${name}${emitLabels(labels)} ${emitValue(value)}\n`
}

function emitLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => {
    assert(LABEL.test(label), `${label} is the name of a label`)
    return `${label}="${escape(value).replaceAll('"', '\\"')}"`
  })
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

/** A backslash and the end of a line would end the text, or what they are in. */
function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function emitValue(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}
