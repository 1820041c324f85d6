/** Parsers: functions from bytes to a value or an error, which never throw and never look outside. */
import assert from 'node:assert/strict'
import * as mac from '@mirage/address/mac'
import * as arp from '@mirage/arp/wire'
import * as dhcp from '@mirage/dhcp/wire'
import * as icmp from '@mirage/icmp/wire'
import * as icmpv6 from '@mirage/icmp/icmpv6-wire'
import * as ip from '@mirage/ip/wire'
import * as ndp from '@mirage/ip/ndp-wire'
import * as udp from '@mirage/udp/wire'
import * as tcp from '../../../packages/tcp/src/segment.ts'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import { decode } from '@mirage/bytes/utf8'
import { parsePublish } from '@mirage/configure/publish'
import { parseArgv } from '@mirage/runtime/parse-argv'
import type { Target } from '../fuzz.ts'
import { victim } from '../frames.ts'

const [LINK, NETWORK] = [14, 20]

/** Each of them. */
export async function all(): Promise<readonly Target[]> {
  const frames = (await victim()).heard
  const packets = frames
    .filter((frame) => frame[12] === 0x08 && frame[13] === 0x00)
    .map((each) => each.subarray(LINK))
  const payloads = (protocol: number): readonly Uint8Array[] =>
    packets.filter((packet) => packet[9] === protocol).map((packet) => packet.subarray(NETWORK))
  return [
    parser(
      'arp',
      frames.filter((frame) => frame[13] === 0x06).map((each) => each.subarray(LINK)),
      (bytes) => {
        const parsed = arp.parse(bytes, 0)
        if (parsed.ok) arp.emit(new Uint8Array(arp.SIZE), 0, parsed.value)
      },
    ),
    parser('ipv4', packets, (bytes) => {
      const packet = ip.create()
      if (!ip.parse(bytes, 0, packet).ok) return
      assert.ok(packet.offset <= packet.end && packet.end <= bytes.length, 'the payload lies in the packet')
      const { offset, end, position, hasMore } = ip.fragmentOf(packet)
      assert.deepEqual([offset, end], [packet.offset, packet.end])
      assert.equal(position > 0 || hasMore, ip.isFragment(bytes, 0))
      assert.equal(ip.fragmentKey(packet).length, 6)
    }),
    parser('icmp', payloads(1), (bytes) => {
      const parsed = icmp.parse(bytes, 0, bytes.length)
      if (parsed.ok) assert.ok(parsed.value.offset <= parsed.value.end && parsed.value.end <= bytes.length)
      icmp.parseQuoted(bytes, 0, bytes.length)
    }),
    parser('icmpv6-quoted', [], (bytes) => void icmpv6.parseQuoted(bytes, 0, bytes.length)),
    parser('ndp', NDP, (bytes) => {
      if (bytes.length >= 4 && ndp.isNeighbourDiscovery(bytes[0]!)) {
        ndp.parse(bytes, 0, bytes.length, { src: ipv6.UNSPECIFIED, dst: ipv6.ALL_NODES, hopLimit: 255 })
      }
    }),
    parser('udp', payloads(17), (bytes) => {
      const parsed = udp.parse(bytes, 0, bytes.length, 0, true)
      if (parsed.ok) assert.ok(parsed.value.offset <= parsed.value.end && parsed.value.end <= bytes.length)
    }),
    parser('tcp-segment', payloads(6), (bytes) => {
      const segment = new tcp.Segment()
      if (!tcp.parse(bytes, 0, bytes.length, 0, segment, true).ok) return
      assert.ok(segment.textOffset >= 20 && segment.textOffset + segment.textLength === bytes.length)
    }),
    parser('dhcp', DHCP, (bytes) => {
      const parsed = dhcp.parse(bytes)
      // What was read can be written, and is read as the same again.
      if (parsed.ok) assert.deepEqual(dhcp.parse(dhcp.emit(parsed.value)), parsed)
    }),
    parser('addresses', ADDRESSES, (bytes) => {
      const text = decode(bytes)
      const six = ipv6.parse(text)
      if (six.ok)
        assert.equal(
          ipv6.format(six.value),
          ipv6.format((ipv6.parse(ipv6.format(six.value)) as typeof six).value),
        )
      mac.parse(text)
      ipv4.parse(text)
      ipv4.parseCidr(text)
    }),
    parser('command-line', LINES, (bytes) => {
      const text = decode(bytes)
      parseArgv(text)
      parsePublish(text)
    }),
  ]
}

function parser(name: string, corpus: readonly Uint8Array[], parse: (bytes: Uint8Array) => void): Target {
  return { name, corpus, create: () => parse }
}

function texts(...lines: readonly string[]): readonly Uint8Array[] {
  return lines.map((line) => new Uint8Array(Buffer.from(line)))
}

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
}

const ADDRESSES = texts(
  '10.0.0.1',
  '10.0.0.2/24',
  '[2001:db8::1]:80',
  '::ffff:1.2.3.4',
  'fe80::1%2',
  '02:50:00:00:00:01',
  '1.2.3.4:80',
)
const LINES = texts('a "b c" \\d', '127.0.0.1:8080:80/udp', '--hello=foo\\ bar', "it's")

/** A solicitation, an advertisement, a router's with a prefix, an MTU and its address (RFC 4861 §4). */
const NDP = [
  hex('8700 0000 00000000 fe800000000000000000000000000001 0101 025000000001'),
  hex('8800 0000 60000000 fe800000000000000000000000000001 0201 025000000001'),
  hex(
    '8600 0000 40 00 0708 00000000 00000000 0101 025000000001 0501 0000 000005dc' +
      '0304 40c0 00278d00 00093a80 00000000 20010db8000000000000000000000000',
  ),
]

/** What udhcpc of BusyBox asks first, and an answer to it. */
const DHCP = [
  dhcp.emit({
    type: 'discover',
    xid: 0x1234_5678,
    secs: 1,
    broadcast: true,
    ciaddr: ipv4.UNSPECIFIED,
    yiaddr: ipv4.UNSPECIFIED,
    siaddr: ipv4.UNSPECIFIED,
    giaddr: ipv4.UNSPECIFIED,
    chaddr: mac.local(1),
    options: {},
  }),
  dhcp.emit({
    type: 'ack',
    xid: 0x1234_5678,
    secs: 0,
    broadcast: false,
    ciaddr: ipv4.UNSPECIFIED,
    yiaddr: ipv4.of(10, 0, 0, 5),
    siaddr: ipv4.UNSPECIFIED,
    giaddr: ipv4.UNSPECIFIED,
    chaddr: mac.local(1),
    options: {},
  }),
]
