import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { err, ok } from '@mirage/result'
import * as fc from 'fast-check'
import * as ipv4 from './ipv4.ts'
import * as endpoint from './endpoint.ts'

const A = ipv4.of(192, 168, 7, 9)

describe('ipv4', () => {
  it('reads and writes four decimal bytes', () => {
    assert.deepEqual(ipv4.parse('192.168.7.9'), ok(A))
    assert.equal(A, 0xc0a8_0709)
    assert.equal(ipv4.format(ipv4.BROADCAST), '255.255.255.255')
    assert.equal(ipv4.format(ipv4.UNSPECIFIED), '0.0.0.0')
    assert.equal(ipv4.format(ipv4.LOOPBACK), '127.0.0.1')
  })

  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1..3.4',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '-1.2.3.4',
    '1.2.3.0x4',
    '1.2.3.4\n',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.deepEqual(ipv4.parse(text), err('bad-ipv4')))
  }

  it('reads back every address that it writes, as text and as bytes', () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), (n) => {
        const address = n as ipv4.Ipv4
        const bytes = new Uint8Array(6)
        ipv4.write(bytes, 1, address)
        assert.deepEqual(ipv4.parse(ipv4.format(address)), ok(address))
        assert.equal(ipv4.read(bytes, 1), address)
        assert.deepEqual([bytes[0], bytes[5]], [0, 0])
      }),
    )
  })

  it('reads prefixes', () => {
    assert.deepEqual(ipv4.parseCidr('192.168.7.9/24'), ok({ address: A, prefixLength: 24 }))
    assert.equal(ipv4.formatCidr({ address: A, prefixLength: 0 }), '192.168.7.9/0')
    assert.ok(ipv4.parseCidr('0.0.0.0/32').ok)
  })

  for (const text of [
    '1.2.3.4',
    '1.2.3.4/',
    '1.2.3.4/33',
    '1.2.3.4/08',
    '1.2.3.4/24/1',
    '/24',
    '1.2.3/24',
    '1.2.3.4/-1',
  ]) {
    it(`refuses the prefix ${JSON.stringify(text)}`, () =>
      assert.deepEqual(ipv4.parseCidr(text), err('bad-cidr')))
  }

  const prefixes: [cidr: string, network: string, broadcast: string, netmask: string][] = [
    ['192.168.7.9/24', '192.168.7.0', '192.168.7.255', '255.255.255.0'],
    ['10.255.1.2/9', '10.128.0.0', '10.255.255.255', '255.128.0.0'],
    ['1.2.3.4/32', '1.2.3.4', '1.2.3.4', '255.255.255.255'],
    ['1.2.3.4/31', '1.2.3.4', '1.2.3.5', '255.255.255.254'],
    ['1.2.3.4/0', '0.0.0.0', '255.255.255.255', '0.0.0.0'],
  ]
  for (const [text, network, broadcast, netmask] of prefixes) {
    it(`knows the network of ${text}`, () => {
      const cidr = ipv4.parseCidr(text)
      assert.ok(cidr.ok)
      assert.equal(ipv4.format(ipv4.network(cidr.value)), network)
      assert.equal(ipv4.format(ipv4.broadcastOf(cidr.value)), broadcast)
      assert.equal(ipv4.format(ipv4.netmask(cidr.value.prefixLength)), netmask)
      assert.deepEqual(
        ipv4.prefixLengthOf(ipv4.netmask(cidr.value.prefixLength)),
        ok(cidr.value.prefixLength),
      )
      assert.ok(ipv4.contains(cidr.value, ipv4.network(cidr.value)))
      assert.ok(ipv4.contains(cidr.value, ipv4.broadcastOf(cidr.value)))
    })
  }

  it('contains what begins as the prefix does, and nothing else', () => {
    const cidr = { address: A, prefixLength: 24 }
    assert.ok(!ipv4.contains(cidr, ipv4.of(192, 168, 8, 9)))
    assert.ok(!ipv4.contains(cidr, ipv4.of(64, 168, 7, 9)))
    assert.ok(ipv4.contains({ address: A, prefixLength: 0 }, ipv4.of(64, 168, 7, 9)))
  })

  it('refuses a mask with ones behind a zero', () => {
    assert.deepEqual(ipv4.prefixLengthOf(ipv4.of(255, 0, 255, 0)), err('bad-netmask'))
    assert.deepEqual(ipv4.prefixLengthOf(ipv4.of(0, 0, 0, 1)), err('bad-netmask'))
  })

  it('knows multicast by its first four bits', () => {
    assert.ok(ipv4.isMulticast(ipv4.of(224, 0, 0, 1)))
    assert.ok(ipv4.isMulticast(ipv4.of(239, 255, 255, 255)))
    assert.ok(!ipv4.isMulticast(ipv4.of(223, 255, 255, 255)))
    assert.ok(!ipv4.isMulticast(ipv4.of(240, 0, 0, 1)))
  })

  it('writes an endpoint with its port', () => {
    assert.equal(endpoint.format({ address: A, port: 80 }), '192.168.7.9:80')
  })
})
