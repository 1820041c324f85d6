import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as utf8 from '@mirage/bytes/utf8'
import { err } from '@mirage/result'
import * as fc from 'fast-check'
import * as protocol from './protocol.ts'

/** What iperf3 3.12 sends as a client with `-u -R -P 2 -t 5 -b 10M`. */
const PARAMETERS =
  '{"udp":true,"omit":0,"time":5,"num":0,"blockcount":0,"parallel":2,"reverse":true,"len":1460,"bandwidth":10000000,"pacing_timer":1000,"udp_counters_64bit":1,"client_version":"3.12"}'
/** What its server sends as results of one stream. */
const RESULTS =
  '{"cpu_util_total":1.2,"cpu_util_user":0.1,"cpu_util_system":1.1,"sender_has_retransmits":-1,"congestion_used":"cubic","streams":[{"id":1,"bytes":1048576,"retransmits":-1,"jitter":0.0000125,"errors":3,"packets":719,"start_time":0,"end_time":5.000123}]}'

describe('parameters', () => {
  it('are read as another client sends them', () => {
    const parsed = protocol.parseParameters(utf8.encode(PARAMETERS))
    assert.deepEqual(parsed.ok && parsed.value, {
      protocol: 'udp',
      seconds: 5,
      bytes: 0,
      blocks: 0,
      parallel: 2,
      isReverse: true,
      isBidirectional: false,
      blockSize: 1460,
      bandwidth: 10_000_000,
      omit: 0,
      hasLongCounters: true,
    })
  })

  it('are read as they were sent', () => {
    const parsed = protocol.parseParameters(utf8.encode(PARAMETERS))
    assert.ok(parsed.ok)
    const framed = protocol.emitParameters(parsed.value)
    assert.equal(framed[3], framed.length - 4)
    assert.deepEqual(protocol.parseParameters(framed.subarray(4)), parsed)
  })

  const wrong = [
    '',
    'null',
    '[]',
    '"tcp"',
    '{"parallel":129}',
    '{"parallel":1.5}',
    '{"parallel":0}',
    '{"len":0}',
    '{"len":1048577}',
    '{"udp":true,"len":15}',
    '{"udp":true,"len":65508}',
    '{"time":-1}',
    '{"time":86401}',
    '{"bandwidth":-1}',
    '{"omit":601}',
  ]
  for (const text of wrong) {
    it(`are not read from ${text || 'nothing'}`, () => {
      assert.deepEqual(protocol.parseParameters(utf8.encode(text)), err('bad-parameters'))
    })
  }
})

describe('results', () => {
  it('are read as another server sends them', () => {
    const parsed = protocol.parseResults(utf8.encode(RESULTS))
    assert.deepEqual(parsed.ok && parsed.value, [
      { id: 1, bytes: 1_048_576, jitter: 0.0000125, errors: 3, packets: 719, seconds: 5.000123 },
    ])
  })

  it('have every field that others look for', () => {
    const result = { id: 3, bytes: 5, jitter: 0, errors: 0, packets: 0, seconds: 1 }
    const text = utf8.decode(protocol.emitResults([result], false).subarray(4))
    for (const field of [
      'cpu_util_total',
      'cpu_util_user',
      'cpu_util_system',
      'sender_has_retransmits',
      'retransmits',
      'jitter',
      'errors',
      'packets',
      'omitted_errors',
      'omitted_packets',
      'start_time',
      'end_time',
    ])
      assert.match(text, new RegExp(`"${field}":`))
    assert.deepEqual(protocol.parseResults(utf8.encode(text)), { ok: true, value: [result] })
  })

  it('are not read from what has no streams, or too many', () => {
    for (const text of [
      '{}',
      '{"streams":{}}',
      '{"streams":[{}]}',
      `{"streams":[${Array(257).fill('{"id":1}').join()}]}`,
    ])
      assert.deepEqual(protocol.parseResults(utf8.encode(text)), err('bad-results'))
  })
})

describe('a datagram', () => {
  for (const isLong of [false, true]) {
    it(`says when it was sent and which it is, in ${isLong ? 'eight' : 'four'} bytes`, () => {
      fc.assert(
        fc.property(
          fc.nat({ max: 2 ** 40 }),
          fc.nat({ max: isLong ? 2 ** 45 : 0xffff_ffff }),
          (time, number) => {
            const datagram = new Uint8Array(protocol.datagramHeaderSize(isLong)).fill(0xff)
            protocol.emitDatagram(datagram, time, number, isLong)
            assert.equal(protocol.datagramTime(datagram), time)
            assert.equal(protocol.datagramNumber(datagram, isLong), number)
          },
        ),
      )
    })
  }

  it('has seconds, microseconds and a number, high bytes first', () => {
    const datagram = new Uint8Array(16)
    protocol.emitDatagram(datagram, 3_000_005, 0x1_0000_0002, true)
    assert.deepEqual([...datagram], [0, 0, 0, 3, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2])
  })
})

it('streams are counted 1, 3, 4, 5, as others do', () => {
  assert.deepEqual([0, 1, 2, 3].map(protocol.streamId), [1, 3, 4, 5])
})
