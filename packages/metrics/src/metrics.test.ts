import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Metric, counters, drops, gauge, labelled } from './metrics.ts'
import { emit } from './prometheus.ts'

describe('metrics', () => {
  it('are one sample for each number, under its name as reasons are written', () => {
    const metric = counters('http_total', 'What happened.', 'event', { requests: 2, handlerErrors: 1 })
    assert.deepEqual(metric.samples, [
      { labels: { event: 'requests' }, value: 2 },
      { labels: { event: 'handler-errors' }, value: 1 },
    ])
  })

  it('hold the drops of every layer under one name', () => {
    const { name, kind, samples } = drops({
      ip: { 'bad-checksum': 1 },
      udp: { 'bad-checksum': 2, 'no-listener': 3 },
    })
    assert.deepEqual([name, kind], ['mirage_drops_total', 'counter'])
    assert.deepEqual(samples, [
      { labels: { layer: 'ip', reason: 'bad-checksum' }, value: 1 },
      { labels: { layer: 'udp', reason: 'bad-checksum' }, value: 2 },
      { labels: { layer: 'udp', reason: 'no-listener' }, value: 3 },
    ])
  })

  it('can be told apart by labels, which do not replace their own', () => {
    const [metric] = labelled([counters('a_total', 'A.', 'event', { x: 1 })], { stack: 'admin', event: 'no' })
    assert.deepEqual(metric!.samples[0]!.labels, { stack: 'admin', event: 'x' })
  })
})

describe('the text of Prometheus', () => {
  it('is as its documentation shows it (exposition formats, version 0.0.4)', () => {
    const requests: Metric = {
      name: 'http_requests_total',
      help: 'The total number of HTTP requests.',
      kind: 'counter',
      samples: [
        { labels: { method: 'post', code: '200' }, value: 1027 },
        { labels: { method: 'post', code: '400' }, value: 3 },
      ],
    }
    const escaping: Metric = {
      name: 'msdos_file_access_time_seconds',
      help: 'A backslash \\ and a\nline.',
      kind: 'gauge',
      samples: [
        {
          labels: { path: 'C:\\DIR\\FILE.TXT', error: 'Cannot find file:\n"FILE.TXT"' },
          value: 1.458255915e9,
        },
      ],
    }
    assert.equal(
      emit([requests, escaping, gauge('something_weird', 'Infinite.', -Infinity)]),
      [
        '# HELP http_requests_total The total number of HTTP requests.',
        '# TYPE http_requests_total counter',
        'http_requests_total{method="post",code="200"} 1027',
        'http_requests_total{method="post",code="400"} 3',
        '# HELP msdos_file_access_time_seconds A backslash \\\\ and a\\nline.',
        '# TYPE msdos_file_access_time_seconds gauge',
        'msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1458255915',
        '# HELP something_weird Infinite.',
        '# TYPE something_weird gauge',
        'something_weird -Inf',
        '',
      ].join('\n'),
    )
  })

  it('groups what has one name, wherever it comes from', () => {
    const of = (stack: string) => labelled([gauge('up', 'Up.', 1), gauge('down', 'Down.', NaN)], { stack })
    assert.equal(
      emit([...of('a'), ...of('b')]),
      '# HELP up Up.\n# TYPE up gauge\nup{stack="a"} 1\nup{stack="b"} 1\n' +
        '# HELP down Down.\n# TYPE down gauge\ndown{stack="a"} NaN\ndown{stack="b"} NaN\n',
    )
  })

  it('refuses names that it does not allow, and two kinds of one name', () => {
    assert.throws(() => emit([gauge('a-b', 'A.', 1)]), /name of a metric/)
    assert.throws(() => emit(labelled([gauge('a', 'A.', 1)], { 'b-c': '' })), /name of a label/)
    assert.throws(() => emit([gauge('a', 'A.', 1), { ...gauge('a', 'A.', 1), kind: 'counter' }]), /one kind/)
  })
})
