import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { err, ok } from '@mirage/result'
import * as mac from './mac.ts'

const MAC = 0x0250_fedc_ba98 as mac.Mac

describe('mac', () => {
  it('reads colons or hyphens, and either case', () => {
    assert.deepEqual(mac.parse('02:50:fe:dc:ba:98'), ok(MAC))
    assert.deepEqual(mac.parse('02-50-FE-DC-BA-98'), ok(MAC))
  })

  for (const text of [
    '',
    '02:50:fe:dc:ba',
    '02:50:fe:dc:ba:98:00',
    '02:50-fe:dc:ba:98',
    '2:50:fe:dc:ba:98',
    '0250fedcba98',
    '02:50:fe:dc:ba:9g',
    ' 02:50:fe:dc:ba:98',
    '02:50:fe:dc:ba:98\n',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.deepEqual(mac.parse(text), err('bad-mac')))
  }

  it('writes twelve lower-case digits', () => {
    assert.equal(mac.format(MAC), '02:50:fe:dc:ba:98')
    assert.equal(mac.format(mac.ZERO), '00:00:00:00:00:00')
    assert.equal(mac.format(mac.BROADCAST), 'ff:ff:ff:ff:ff:ff')
  })

  it('is the same number from bytes and to bytes', () => {
    for (const each of [MAC, mac.BROADCAST, mac.ZERO, 0x8000_8000_0001 as mac.Mac]) {
      const bytes = new Uint8Array(8).fill(0xa5)
      mac.write(bytes, 1, each)
      assert.equal(mac.read(bytes, 1), each)
      assert.deepEqual([bytes[0], bytes[7]], [0xa5, 0xa5])
    }
    assert.equal(mac.read(Uint8Array.of(0x02, 0x50, 0xfe, 0xdc, 0xba, 0x98), 0), MAC)
  })

  it('knows groups by the lowest bit of the first byte', () => {
    assert.ok(mac.isGroup(mac.BROADCAST))
    assert.ok(mac.isGroup(0x0100_5e00_0001 as mac.Mac))
    assert.ok(!mac.isGroup(MAC))
    assert.ok(!mac.isGroup(0xfeff_ffff_ffff as mac.Mac))
  })

  it('makes addresses of our own that are neither global nor groups', () => {
    assert.equal(mac.format(mac.local(0xffff_fffe)), '02:50:ff:ff:ff:fe')
    assert.ok(!mac.isGroup(mac.local(0)))
  })
})
