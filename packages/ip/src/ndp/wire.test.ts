import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import { type Mac, local } from '@mirage/address/mac'
import * as checksum from '@mirage/bytes/checksum'
import { hex } from '@mirage/bytes/hex'
import { err, ok } from '@mirage/result'
import * as fc from 'fast-check'
import { ipv6 as address } from '../../../address/src/testing/literals.ts'
import { LINUX } from '../ipv6/testing/linux.ts'
import * as wire from './wire.ts'

const ROUTER = address('fe80::1')
const A = address('fd00::1')
const B = address('fd00::2')

/** A message that came in a packet with these ends. */
function parse(bytes: Uint8Array, travel: Partial<wire.Travel> = {}): ReturnType<typeof wire.parse> {
  return wire.parse(bytes, 0, bytes.length, { src: ROUTER, dst: ipv6.ALL_NODES, hopLimit: 255, ...travel })
}

function emit(message: wire.Message): Uint8Array {
  const bytes = new Uint8Array(wire.sizeOf(message))
  wire.emit(bytes, 0, message)
  return bytes
}

/** From a router's radvd.conf: one prefix of its own, an MTU, a name server. */
const ADVERTISEMENT: wire.RouterAdvertisement = {
  kind: 'router-advertisement',
  hopLimit: 64,
  routerLifetime: 1800,
  preference: 1,
  reachableTime: 20_000,
  retransTimer: 500,
  mac: local(9),
  mtu: 1400,
  prefixes: [
    {
      prefix: { address: address('2001:db8:1::'), prefixLength: 64 },
      isOnLink: true,
      isAutonomous: true,
      validLifetime: 86_400,
      preferredLifetime: Infinity,
    },
  ],
  dnsServers: [{ address: address('2001:db8:1::53'), lifetime: 1800 }],
}
const ADVERTISEMENT_BYTES = hex(`86 00 0000 40 08 0708 00004e20 000001f4
  01 01 025000000009  05 01 0000 00000578
  03 04 40 c0 00015180 ffffffff 00000000 20010db8000100000000000000000000
  19 03 0000 00000708 20010db8000100000000000000000053`)

describe('messages of neighbour discovery', () => {
  it('are parsed as Linux wrote them', () => {
    const probe = { src: ipv6.UNSPECIFIED, dst: address('ff02::1:ff00:2') }
    const target = address('fe80::50:ff:fe00:2')
    assert.deepEqual(parse(LINUX.probe.slice(40), probe), ok({ kind: 'neighbour-solicitation', target }))
    const asked = { src: target, dst: ipv6.ALL_ROUTERS }
    const expected: wire.Message = { kind: 'router-solicitation', mac: local(2) }
    assert.deepEqual(parse(LINUX.routerSolicitation.slice(40), asked), ok(expected))
  })

  it('are emitted as Linux writes them', () => {
    const bytes = emit({ kind: 'router-solicitation', mac: local(2) })
    const sum = checksum.pseudo(address('fe80::50:ff:fe00:2'), ipv6.ALL_ROUTERS, 58, 16)
    const written = LINUX.routerSolicitation.slice(40)
    assert.equal(checksum.of(bytes, 0, 16, sum), (written[2]! << 8) | written[3]!)
    written.fill(0, 2, 4)
    assert.deepEqual(bytes, written)
  })

  it('tell what a router has to offer', () => {
    assert.deepEqual(parse(ADVERTISEMENT_BYTES), ok(ADVERTISEMENT))
    assert.deepEqual(emit({ ...ADVERTISEMENT }), ADVERTISEMENT_BYTES)
  })

  it('rank routers: high, medium, low, and the reserved value as medium', () => {
    const preferences = [0x00, 0x08, 0x10, 0x18].map((flags) => {
      const bytes = ADVERTISEMENT_BYTES.slice()
      bytes[5] = flags
      const parsed = parse(bytes)
      return parsed.ok && parsed.value.kind === 'router-advertisement' && parsed.value.preference
    })
    assert.deepEqual(preferences, [0, 1, 0, -1])
  })

  const bodies: wire.Message[] = [
    { kind: 'router-solicitation' },
    { kind: 'neighbour-solicitation', target: A, mac: local(1) },
    { kind: 'neighbour-solicitation', target: A },
    {
      kind: 'neighbour-advertisement',
      target: A,
      isRouter: true,
      isSolicited: false,
      isOverride: true,
      mac: local(1),
    },
    { kind: 'neighbour-advertisement', target: A, isRouter: false, isSolicited: true, isOverride: false },
    { kind: 'redirect', target: ROUTER, destination: B, mac: local(1) },
    { ...ADVERTISEMENT, preference: -1, dnsServers: [], prefixes: [] },
  ]
  for (const message of bodies) {
    it(`are read as they are written: ${message.kind}`, () => {
      assert.deepEqual(parse(emit(message), { dst: B }), ok(message))
    })
  }

  it('skip options that are not known, and those of the wrong size', () => {
    const bytes = hex(
      `85 00 0000 00000000 0e 02 ${'00'.repeat(14)} 01 02 ${'00'.repeat(14)} 01 01 025000000002`,
    )
    assert.deepEqual(parse(bytes), ok({ kind: 'router-solicitation', mac: local(2) }))
  })

  it('say for how long each name server may be asked, and emit that', () => {
    const servers = '19 03 0000 00000000 20010db8000000000000000000000053'
    const bytes = hex(
      `8600 0000 4000 0708 00000000 00000000 ${servers} 19 05 0000 ffffffff
       20010db8000000000000000000000054 20010db8000000000000000000000055`,
    )
    const parsed = parse(bytes, { src: ROUTER })
    assert.ok(parsed.ok && parsed.value.kind === 'router-advertisement')
    assert.deepEqual(parsed.value.dnsServers, [
      { address: address('2001:db8::53'), lifetime: 0 },
      { address: address('2001:db8::54'), lifetime: Infinity },
      { address: address('2001:db8::55'), lifetime: Infinity },
    ])
    assert.deepEqual(parse(emit(parsed.value), { src: ROUTER }), parsed)
  })

  const asked: wire.Message = { kind: 'neighbour-solicitation', target: A }
  const told: wire.Message = {
    kind: 'neighbour-advertisement',
    target: A,
    isRouter: false,
    isSolicited: true,
    isOverride: true,
  }
  const group = 0x3333_0000_0001 as Mac
  const impossible: [why: string, message: wire.Message, travel: Partial<wire.Travel>][] = [
    ['one that was forwarded', asked, { hopLimit: 254 }],
    ['a question about a group', { ...asked, target: ipv6.ALL_NODES }, {}],
    ['a question from nobody to one host', asked, { src: ipv6.UNSPECIFIED, dst: A }],
    [
      'a question from nobody with a MAC address',
      { ...asked, mac: local(1) },
      { src: ipv6.UNSPECIFIED, dst: ipv6.solicitedNode(A) },
    ],
    ['a question from the MAC address of a group', { ...asked, mac: group }, {}],
    ['an answer about a group', { ...told, isSolicited: false, target: ipv6.ALL_NODES }, {}],
    ['an answer to everyone that was asked for', told, { dst: ipv6.ALL_NODES }],
    [
      'routers asked by nobody with a MAC address',
      { kind: 'router-solicitation', mac: local(1) },
      { src: ipv6.UNSPECIFIED },
    ],
    ['a router with an address that reaches beyond the link', ADVERTISEMENT, { src: A }],
    ['a redirect from beyond the link', { kind: 'redirect', target: B, destination: B }, { src: A }],
    ['a redirect of a group', { kind: 'redirect', target: ROUTER, destination: ipv6.ALL_NODES }, {}],
    ['a redirect to what is no router', { kind: 'redirect', target: A, destination: B }, {}],
  ]
  for (const [why, message, travel] of impossible) {
    it(`are refused: ${why}`, () => assert.deepEqual(parse(emit(message), travel), err('invalid')))
  }

  it('are refused with a code', () => {
    const bytes = emit({ kind: 'router-solicitation' })
    bytes[1] = 1
    assert.deepEqual(parse(bytes), err('invalid'))
  })

  it('are refused where they are cut off, at every byte', () => {
    for (let length = 8; length < ADVERTISEMENT_BYTES.length; length++) {
      const parsed = parse(ADVERTISEMENT_BYTES.subarray(0, length))
      // After a whole option, the message may end.
      if (![16, 24, 32, 64].includes(length)) assert.equal(parsed.ok, false, `${length} bytes`)
    }
  })

  it('are refused with an option that would never end, and with too many', () => {
    assert.deepEqual(parse(hex('85 00 0000 00000000 01 00 025000000002')), err('bad-option'))
    const many = (count: number): Uint8Array => hex(`85 00 0000 00000000 ${'7f01000000000000'.repeat(count)}`)
    assert.ok(parse(many(wire.OPTIONS_MAX)).ok)
    assert.deepEqual(parse(many(wire.OPTIONS_MAX + 1)), err('bad-option'))
  })

  it('never throw, whatever they are, and are the same when they are written and read again', () => {
    const some = fc.uint8Array({ minLength: 8, maxLength: 200 })
    const type = fc.integer({ min: 133, max: 137 })
    fc.assert(
      fc.property(some, type, fc.boolean(), (bytes, first, isPlain) => {
        bytes[0] = first
        bytes[1] = 0
        for (let i = isPlain ? 9 : 200; i < bytes.length; i += 8) bytes[i] = 1 + (bytes[i]! % 4)
        const parsed = parse(bytes)
        if (parsed.ok) assert.deepEqual(parse(emit(parsed.value)), parsed)
      }),
      { numRuns: 3000 },
    )
  })
})
