import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Meter } from './meter.ts'
import { line } from './report.ts'

describe('a meter of datagrams', () => {
  it('counts those that are missing as lost, and no longer when they come late', () => {
    const meter = new Meter(1, false)
    for (const number of [1, 2, 5]) meter.arrived(100, number, 0)
    assert.deepEqual([meter.packets, meter.lost], [5, 2])
    meter.arrived(100, 3, 0)
    assert.deepEqual([meter.packets, meter.lost, meter.outOfOrder, meter.bytes], [5, 1, 1, 400])
  })

  it('smooths how much the transit time differs: RFC 1889 §6.3.1', () => {
    const meter = new Meter(1, false)
    for (const [index, transit] of [1000, 1160, 1000].entries()) meter.arrived(1, index + 1, transit)
    // 160 µs / 16 = 10 µs, then 10 + (160 - 10) / 16 = 19.375 µs.
    assert.ok(Math.abs(meter.jitter - 19.375e-6) < 1e-12, String(meter.jitter))
  })

  it('tells intervals, and forgets what does not count', () => {
    const meter = new Meter(1, false)
    meter.bytes = 10
    assert.equal(meter.interval().bytes, 10)
    meter.omit()
    meter.bytes = 25
    assert.equal(meter.interval().bytes, 15)
    assert.equal(meter.total.bytes, 15)
  })
})

describe('a line of a report', () => {
  const counted = { bytes: 131_072_000, packets: 1000, lost: 5, jitter: 0.000_012 }
  it('shows bytes in powers of 1024, and bits in powers of 1000', () => {
    assert.equal(
      line(1, 0, 1, counted, 'tcp', 'sent'),
      '[  1]   0.00-1.00   sec   125 MBytes  1.05 Gbits/sec',
    )
  })

  it('shows jitter and losses of datagrams where they arrive', () => {
    assert.match(line('SUM', 0, 1, counted, 'udp', 'received'), /^\[SUM\].* 0\.012 ms {2}5\/1000 \(0\.5%\)$/)
    assert.match(line(3, 0, 1, counted, 'udp', 'sent'), / 1000$/)
  })
})
