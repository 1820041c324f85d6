import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import type { Mac } from '@mirage/address/mac'
import { hex } from '@mirage/bytes/hex'
import { err } from '@mirage/result'
import * as fc from 'fast-check'
import * as wire from './wire.ts'

/** A header with everything zero but what is given, as the RFC draws it. */
function header(op: string, xid: string, addresses: string, chaddr: string): string {
  return `${op} 01 06 00 ${xid} 0000 0000 ${addresses} ${chaddr} ${'00'.repeat(10)} ${'00'.repeat(192)} 63825363`
}

// The four messages of a much used sample capture: a telephone gets an address from its router.
const PHONE = '000b8201fc42'
const NOBODY = '00000000 00000000 00000000 00000000'
const DISCOVER = hex(
  `${header('01', '00003d1d', NOBODY, PHONE)} 350101 3d0701000b8201fc42 320400000000 37040103062a ff ${'00'.repeat(7)}`,
)
const OFFER = hex(
  `${header('02', '00003d1d', '00000000 c0a8000a c0a80001 00000000', PHONE)} 350102 0104ffffff00
   3a0400000708 3b0400000c4e 330400000e10 3604c0a80001 ff ${'00'.repeat(26)}`,
)

const phone = 0x000b8201fc42 as Mac
const router = ipv4.of(192, 168, 0, 1)

function parsed(payload: Uint8Array): wire.Message {
  const message = wire.parse(payload)
  assert.ok(message.ok)
  return message.value
}

/** The options of a message whose options field holds these bytes. */
function optionsOf(options: string): wire.Message['options'] {
  return parsed(hex(`${header('01', '00000001', NOBODY, PHONE)} 350101 ${options}`)).options
}

describe('a DHCP message', () => {
  it('is read from a capture of a client', () => {
    assert.deepEqual(parsed(DISCOVER), {
      type: 'discover',
      xid: 0x3d1d,
      secs: 0,
      broadcast: false,
      ciaddr: 0,
      yiaddr: 0,
      siaddr: 0,
      giaddr: 0,
      chaddr: phone,
      options: {
        clientId: hex('01 000b8201fc42'),
        requestedAddress: 0,
        parameterRequests: Uint8Array.of(1, 3, 6, 42),
      },
    })
  })

  it('is read from a capture of a server', () => {
    const offer = parsed(OFFER)
    assert.deepEqual([offer.type, offer.yiaddr, offer.siaddr], ['offer', ipv4.of(192, 168, 0, 10), router])
    assert.deepEqual(offer.options, {
      subnetMask: ipv4.of(255, 255, 255, 0),
      renewalTime: 1800,
      rebindingTime: 3150,
      leaseTime: 3600,
      serverId: router,
    })
  })

  it('is written as the captured client wrote it, padded to what old relays expect', () => {
    const { options, ...rest } = parsed(DISCOVER)
    const { clientId: _, ...others } = options
    const emitted = wire.emit({ ...rest, options: others })
    const expected = new Uint8Array(300)
    expected.set(DISCOVER.subarray(0, 240))
    expected.set(hex('350101 320400000000 37040103062a ff'), 240)
    assert.deepEqual(emitted, expected)
  })

  it('has the broadcast flag in its highest bit, and seconds and addresses where the RFC draws them', () => {
    const emitted = wire.emit({
      ...parsed(DISCOVER),
      secs: 0x0102,
      broadcast: true,
      ciaddr: ipv4.of(1, 1, 1, 1),
      yiaddr: ipv4.of(2, 2, 2, 2),
      siaddr: ipv4.of(3, 3, 3, 3),
      giaddr: ipv4.of(4, 4, 4, 4),
      options: {},
    })
    assert.deepEqual(
      emitted.subarray(0, 34),
      hex('01010600 00003d1d 0102 8000 01010101 02020202 03030303 04040404 000b8201fc42'),
    )
    assert.deepEqual(
      [...emitted.subarray(34, 236)],
      Array.from({ length: 202 }, () => 0),
    )
  })

  it('survives a trip through bytes with every option it knows', () => {
    const message: wire.Message = {
      ...parsed(OFFER),
      secs: 7,
      broadcast: true,
      options: {
        subnetMask: ipv4.netmask(20),
        routers: [router],
        dnsServers: [router, ipv4.of(9, 9, 9, 9)],
        hostname: 'web',
        domainName: 'example.org',
        interfaceMtu: 1400,
        broadcastAddress: ipv4.of(192, 168, 15, 255),
        requestedAddress: ipv4.of(192, 168, 0, 9),
        leaseTime: 0xffff_ffff,
        serverId: router,
        parameterRequests: Uint8Array.of(1, 3),
        errorMessage: 'no',
        messageSizeMax: 1500,
        renewalTime: 10,
        rebindingTime: 20,
        clientId: Uint8Array.of(1, 2, 3),
        ntpServers: [router],
        searchList: ['example.org', 'a.example'],
        relayAgent: Uint8Array.of(1, 1, 9),
      },
    }
    assert.deepEqual(parsed(wire.emit(message)), message)
  })

  it('writes a letter outside ASCII as a question mark', () => {
    const emitted = wire.emit({ ...parsed(DISCOVER), options: { hostname: 'müller\u{1f600}' } })
    assert.equal(parsed(emitted).options.hostname, 'm?ller?')
  })

  it('splits a value above 255 bytes and joins it again', () => {
    const dnsServers = Array.from({ length: 100 }, (_, index) => ipv4.of(10, 0, 0, index))
    const emitted = wire.emit({ ...parsed(DISCOVER), options: { dnsServers } })
    assert.deepEqual([emitted[243], emitted[244], emitted[500], emitted[501]], [6, 255, 6, 145])
    assert.deepEqual(parsed(emitted).options.dnsServers, dnsServers)
  })
})

describe('a message that is larger than its reader takes', () => {
  const dnsServers = Array.from({ length: 60 }, (_, index) => ipv4.of(10, 0, 0, index))
  const domainName = 'd'.repeat(100)
  const hostname = 'h'.repeat(50)
  const options = { serverId: router, dnsServers, domainName, hostname, relayAgent: Uint8Array.of(1, 1, 9) }

  it('has its options in the fields of file and server name too (RFC 2131 §4.1)', () => {
    const emitted = wire.emit({ ...parsed(OFFER), options }, wire.SIZE_MAX_MIN)
    assert.ok(emitted.length <= wire.SIZE_MAX_MIN)
    assert.deepEqual(emitted.subarray(240, 246), hex('350102 340103'))
    assert.deepEqual(parsed(emitted).options, options)
  })

  it('loses what fits nowhere, and nothing of the rest', () => {
    const other = new Uint8Array(255)
    const others = new Map([240, 241, 242].map((code) => [code, other] as const))
    const emitted = wire.emit({ ...parsed(OFFER), options: { ...options, others } }, wire.SIZE_MAX_MIN)
    assert.ok(emitted.length <= wire.SIZE_MAX_MIN)
    assert.deepEqual(parsed(emitted).options, options)
  })

  it('is never above the size that was given, whatever it says', () => {
    const some = fc.uint8Array({ maxLength: 600 })
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 255 }), some)), (others) => {
        const message = { ...parsed(OFFER), options: { ...options, others: new Map(others) } }
        const emitted = wire.emit(message, wire.SIZE_MAX_MIN)
        assert.ok(emitted.length <= wire.SIZE_MAX_MIN)
        assert.deepEqual(parsed(emitted).options, options)
      }),
    )
  })
})

describe('options that are written by their codes', () => {
  it('are written as they are, and not where a name or the format has the code', () => {
    const others = new Map([
      [66, hex('616263')],
      [12, hex('64')],
      [255, hex('65')],
      [0, hex('66')],
    ])
    const emitted = wire.emit({ ...parsed(OFFER), options: { others } })
    assert.deepEqual(emitted.subarray(240, 249), hex('350102 4203616263 ff'))
  })
})

describe('options', () => {
  const cases: [what: string, options: string, expected: wire.Message['options']][] = [
    ['padding between them', '00 00 0c03776562 00 330400000e10 ff', { hostname: 'web', leaseTime: 3600 }],
    ['those after the end mark as absent', '0c03776562 ff 330400000e10', { hostname: 'web' }],
    ['one behind the end mark as absent', '330400000e10 ff 00 0c03776562', { leaseTime: 3600 }],
    ['no end mark', '0c03776562', { hostname: 'web' }],
    ['what precedes a length that leads outside', '0c03776562 33ff0000', { hostname: 'web' }],
    ['a code without a length', '0c03776562 33', { hostname: 'web' }],
    ['an unknown code as absent', 'e0020102 0c03776562 ff', { hostname: 'web' }],
    ['an address of three bytes as absent', '01030a0000 ff', {}],
    ['a list with half an address as absent', '03060a0000010a00 ff', {}],
    ['an empty list as absent', '0300 ff', {}],
    ['a time of two bytes as absent', '33020e10 ff', {}],
    ['an identifier of two parts as absent', `3dff${'01'.repeat(255)} 3d0102 ff`, {}],
    ['a text with zeros at its end without them', '0c0577656200 00 ff', { hostname: 'web' }],
    ['an empty text as absent', '0c00 0f0100 ff', {}],
    [
      'the parts of a split value as one',
      '0c0177 01040a000000 0c0165 ff',
      { subnetMask: ipv4.of(10, 0, 0, 0), hostname: 'we' },
    ],
  ]
  for (const [what, options, expected] of cases) {
    it(`are read with ${what}`, () => assert.deepEqual(optionsOf(options), expected))
  }

  const SNAME = 44
  const FILE = 108
  function overloaded(value: number): wire.Message['options'] {
    const payload = hex(
      `${header('02', '00000001', NOBODY, PHONE)} 350105 3401${value.toString(16).padStart(2, '0')} ff`,
    )
    payload.set(hex('0c0177 ff'), FILE)
    payload.set(hex('0c0165 0f016f ff'), SNAME)
    return parsed(payload).options
  }

  it('go on in the file field, then in the server name, when they are overloaded', () => {
    assert.deepEqual(overloaded(1), { hostname: 'w' })
    assert.deepEqual(overloaded(2), { hostname: 'e', domainName: 'o' })
    assert.deepEqual(overloaded(3), { hostname: 'we', domainName: 'o' })
    assert.deepEqual(overloaded(4), {})
  })
})

describe('what is no DHCP message', () => {
  const change = (offset: number, value: number, from: Uint8Array = DISCOVER): Uint8Array => {
    const payload = from.slice()
    payload[offset] = value
    return payload
  }
  const rejected: [why: string, payload: Uint8Array, error: wire.DhcpError][] = [
    ['nothing', new Uint8Array(), 'too-short'],
    ['one byte less than a header', DISCOVER.subarray(0, 239), 'too-short'],
    ['another kind of hardware', change(1, 6), 'not-ethernet'],
    ['addresses of another size', change(2, 16), 'not-ethernet'],
    ['another cookie', change(239, 0), 'not-dhcp'],
    ['no message type', DISCOVER.subarray(0, 240), 'bad-type'],
    ['message type 0', change(242, 0), 'bad-type'],
    ['message type 9', change(242, 9), 'bad-type'],
    ['a DISCOVER from a server', change(0, 2), 'bad-type'],
    ['an OFFER from a client', change(0, 1, OFFER), 'bad-type'],
  ]
  for (const [why, payload, error] of rejected) {
    it(`is rejected: ${why}`, () => assert.deepEqual(wire.parse(payload), err(error)))
  }

  it('never makes parse throw, whatever its bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => void wire.parse(bytes)))
    // The same behind a good header, so that options are reached.
    const behind = (options: Uint8Array): Uint8Array =>
      Uint8Array.of(...DISCOVER.subarray(0, 243), ...options)
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void wire.parse(behind(bytes))))
  })

  it('keeps nothing of a datagram alive, and little of what a long one says', () => {
    const long = new Uint8Array(65_000)
    long.set(DISCOVER.subarray(0, 240))
    long.set(hex('350101 3d03010203'), 240)
    for (let at = 248; at + 257 <= long.length; at += 257) long.set([6, 252], at)
    const parsed = wire.parse(long)
    assert.ok(parsed.ok)
    const { clientId, dnsServers } = parsed.value.options
    assert.deepEqual([clientId, clientId?.buffer.byteLength], [hex('010203'), 3])
    assert.equal(dnsServers?.length, 308)
  })

  it('is refused or read, cut anywhere, and nothing is made of what is not there', () => {
    const whole = wire.parse(OFFER)
    assert.ok(whole.ok)
    for (let length = 0; length < OFFER.length; length += 1) {
      const parsed = wire.parse(OFFER.subarray(0, length))
      if (length < wire.HEADER_SIZE) assert.deepEqual(parsed, err('too-short'))
      if (!parsed.ok) continue
      for (const [name, value] of Object.entries(parsed.value.options))
        assert.deepEqual(value, whole.value.options[name as keyof typeof whole.value.options], name)
    }
  })
})
