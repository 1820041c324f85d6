import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { of } from '@mirage/address/ipv4'
import { err, ok } from '@mirage/result'
import { format, parse } from './forward.ts'

describe('a forwarded port', () => {
  it('is read from what is shown', () => {
    const text = 'udp:53:192.168.1.5:5353'
    const forward = { protocol: 'udp', port: 53, toAddress: of(192, 168, 1, 5), toPort: 5353 } as const
    assert.deepEqual(parse(text), ok(forward))
    assert.equal(format(forward), text)
  })

  for (const text of [
    '',
    'icmp:1:10.0.0.1:1',
    'tcp:0:10.0.0.1:1',
    'tcp:80:10.0.0.1:65536',
    'tcp:80:10.0.0:80',
    'tcp:80',
  ]) {
    it(`is not read from "${text}"`, () => assert.deepEqual(parse(text), err('bad-forward')))
  }
})
