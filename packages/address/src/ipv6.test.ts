import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import * as endpoint from './endpoint.ts'
import * as ip from './ip.ts'
import * as ipv4 from './ipv4.ts'
import * as ipv6 from './ipv6.ts'
import type { Mac } from './mac.ts'

const parsed = (text: string): ipv6.Ipv6 => {
  const address = ipv6.parse(text)
  assert.ok(address.ok, text)
  return address.value
}

const addresses = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
  .map((groups) => ipv6.of(...groups))

describe('an IPv6 address', () => {
  // RFC 5952 §1 to §4, and RFC 4291 §2.2.
  const texts: [text: string, canonical: string][] = [
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8::0:1', '2001:db8::1'],
    ['2001:DB8::aaaa', '2001:db8::aaaa'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['::ffff:192.0.2.33', '::ffff:c000:221'],
    ['::13.1.68.3', '::d01:4403'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ]
  for (const [text, canonical] of texts)
    it(`reads ${text}`, () => assert.equal(ipv6.format(parsed(text)), canonical))

  const wrong = [
    '',
    ':',
    ':::',
    '1',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'g::',
    '::1 ',
    '1:2:3:4:5:6:7:8::',
    '::1.2.3',
    '1.2.3.4',
    '1.2.3.4::',
    '::1.2.3.4:5',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '::1%eth0',
    '::-1',
  ] // prettier-ignore
  for (const text of wrong)
    it(`refuses "${text}"`, () => assert.deepEqual(ipv6.parse(text), { ok: false, error: 'bad-ipv6' }))

  it('comes back from its text and from its bytes', () => {
    fc.assert(
      fc.property(addresses, (address) => {
        assert.equal(parsed(ipv6.format(address)), address)
        const bytes = new Uint8Array(20)
        ipv6.write(bytes, 3, address)
        assert.equal(ipv6.read(bytes, 3), address)
        assert.ok(ipv6.isAt(bytes, 3, address))
        bytes[18]! ^= 1
        assert.ok(!ipv6.isAt(bytes, 3, address))
      }),
    )
  })

  it('lies in a network that begins as it does', () => {
    const cidr = ipv6.parseCidr('2001:db8:0:fff0::7/60')
    assert.ok(cidr.ok)
    assert.equal(ipv6.format(ipv6.network(cidr.value)), '2001:db8:0:fff0::')
    assert.ok(ipv6.contains(cidr.value, parsed('2001:db8:0:ffff:1::')))
    assert.ok(!ipv6.contains(cidr.value, parsed('2001:db8:0:ffe0::')))
    assert.equal(ipv6.formatCidr(cidr.value), '2001:db8:0:fff0::7/60')
    for (const text of ['::', '::/', '::/129', '::/01', '::/1/1', 'x/1'])
      assert.deepEqual(ipv6.parseCidr(text), { ok: false, error: 'bad-cidr' }, text)
  })

  it('lies in one network of each length, all of whose other bits are zero', () => {
    const text = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'
    for (const [prefixLength, network] of [
      [0, '::'],
      [1, '8000::'],
      [16, 'ffff::'],
      [17, 'ffff:8000::'],
      [64, 'ffff:ffff:ffff:ffff::'],
      [127, 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe'],
      [128, text],
    ] as const)
      assert.equal(ipv6.format(ipv6.network({ address: parsed(text), prefixLength })), network)
  })

  it('has groups of its own: RFC 4291 §2.7.1, RFC 2464 §7', () => {
    const group = ipv6.solicitedNode(parsed('4037::01:800:200e:8c6c'))
    assert.equal(ipv6.format(group), 'ff02::1:ff0e:8c6c')
    assert.equal(ipv6.multicastMac(group), 0x3333_ff0e_8c6c)
    assert.deepEqual([ipv6.isMulticast(group), ipv6.isMulticast(ipv6.LOOPBACK)], [true, false])
    assert.deepEqual(
      [ipv6.isLinkLocal(parsed('febf::1')), ipv6.isLinkLocal(parsed('fec0::1'))],
      [true, false],
    )
  })

  it('is made of a MAC address: RFC 4291, appendix A', () => {
    const address = ipv6.fromMac(ipv6.LINK_LOCAL.address, 0x3456_789a_bcde as Mac)
    assert.equal(ipv6.format(address), 'fe80::3656:78ff:fe9a:bcde')
  })
})

describe('an address', () => {
  it('is of the family that its text says', () => {
    const four = ip.parse('10.0.0.2')
    const six = ip.parse('fd00::2')
    assert.ok(four.ok && six.ok)
    assert.deepEqual([ip.isIpv4(four.value), ip.isIpv4(six.value)], [true, false])
    assert.deepEqual([ip.format(four.value), ip.format(six.value)], ['10.0.0.2', 'fd00::2'])
    assert.deepEqual(ip.parse('localhost'), { ok: false, error: 'bad-address' })
    assert.equal(endpoint.format({ address: six.value, port: 80 }), '[fd00::2]:80')
    assert.equal(endpoint.format({ address: four.value, port: 80 }), '10.0.0.2:80')
    assert.equal(ip.unspecifiedLike(six.value), ipv6.UNSPECIFIED)
    assert.equal(ip.unspecifiedLike(four.value), ipv4.UNSPECIFIED)
  })
})
