import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import * as icmp from '@mirage/icmp/icmpv6-wire'
import { DESTINATION_OPTIONS, HOP_BY_HOP, ROUTING } from '@mirage/ip/extension'
import { Filter } from './filter.ts'
import { parse } from './rules.ts'
import { type Sent, behind, bytesOf, error, message, parsed, part, tcp, udp } from './testing/ipv6-packets.ts'
import { ACK, SYN } from './testing/world.ts'

/** What a filter with these rules says to each of `sent`: '+' lets it pass. */
function verdicts(rules: readonly string[], sent: readonly Sent[], filter: Filter = made(rules)): string {
  return sent
    .map((each) => {
      const direction = ipv6.group(each.src, 2) === 1 ? 'out' : 'in'
      return filter.check(parsed(bytesOf(each)), direction, 0) === 'allow' ? '+' : '-'
    })
    .join('')
}

function made(rules: readonly string[], sessions = 100, sessionsPerHost = 10): Filter {
  const list = rules.map((text) => {
    const rule = parse(text)
    assert.ok(rule.ok, text)
    return rule.value
  })
  return new Filter(list, { limits: { sessions, sessionsPerHost } })
}

const ECHO = new Uint8Array(8)
const OPTIONS = [0, 1, 4, 0, 0, 0, 0]
/** "Drop me, if you do not know what 0x41 is." */
const UNKNOWN_OPTION = [0, 0x41, 4, 0, 0, 0, 0]
const ROUTED = [0, 0, 1, 0, 0, 0, 0]
const CUT = udp('>', 5000, 53)
const FOREIGN = ipv6.of(0x2001, 0xdb8, 2, 0, 0, 0, 0, 9)

describe('a filter, of packets of IPv6', () => {
  const cases: readonly [title: string, rules: readonly string[], sent: readonly Sent[], says: string][] = [
    [
      'lets datagrams out, and only answers in',
      [],
      [udp('<', 53, 5000), udp('>', 5000, 53), udp('<', 53, 5000), udp('<', 54, 5000)],
      '-++-',
    ],
    [
      'lets connections begin inside alone',
      [],
      [tcp('<', 9, 80, SYN), tcp('>', 9, 80, SYN), tcp('<', 80, 9, SYN | ACK)],
      '-++',
    ],
    [
      'lets no segment in that begins nothing',
      ['allow in'],
      [tcp('<', 9, 80, ACK), tcp('<', 9, 80, SYN), tcp('<', 9, 80, ACK)],
      '-++',
    ],
    [
      'lets echoes out, their replies in, and no others',
      [],
      [
        message('<', icmp.ECHO_REQUEST, 7, ECHO),
        message('>', icmp.ECHO_REQUEST, 7, ECHO),
        message('<', icmp.ECHO_REPLY, 7, ECHO),
        message('<', icmp.ECHO_REPLY, 8, ECHO),
      ],
      '-++-',
    ],
    [
      'takes "icmp" for that of the family',
      ['allow in icmp'],
      [message('<', icmp.ECHO_REQUEST, 7, ECHO), message('>', icmp.ECHO_REPLY, 7, ECHO), udp('<', 1, 1)],
      '++-',
    ],
    [
      'lets errors in about what went out, and no others',
      [],
      [
        error(icmp.PACKET_TOO_BIG, udp('>', 5000, 53)),
        udp('>', 5000, 53),
        ...[icmp.UNREACHABLE, icmp.PACKET_TOO_BIG, icmp.TIME_EXCEEDED, icmp.PARAMETER_PROBLEM].map((type) =>
          error(type, udp('>', 5000, 53)),
        ),
        error(icmp.PACKET_TOO_BIG, udp('>', 5000, 54)),
      ],
      '-+++++-',
    ],
    [
      'lets no error in whose sum is wrong, or that goes to another than it is about',
      [],
      [
        udp('>', 5000, 53),
        { ...error(icmp.PACKET_TOO_BIG, udp('>', 5000, 53)), src: FOREIGN },
        message('<', icmp.PACKET_TOO_BIG, 0, bytesOf(udp('<', 53, 5000))),
        error(icmp.PACKET_TOO_BIG, udp('>', 5000, 53)),
      ],
      '+--+',
    ],
    [
      'lets errors out about what was let in',
      ['allow in udp'],
      [udp('<', 9, 7), error(icmp.UNREACHABLE, udp('<', 9, 7)), udp('<', 9, 8)],
      '+++',
    ],
    [
      'finds ports behind other headers',
      ['allow in udp to any port 7'],
      [
        behind(DESTINATION_OPTIONS, OPTIONS, udp('<', 9, 8)),
        behind(HOP_BY_HOP, OPTIONS, behind(DESTINATION_OPTIONS, OPTIONS, udp('<', 9, 7))),
        udp('>', 7, 9),
      ],
      '-++',
    ],
    [
      'lets nothing pass that no host would read',
      ['allow'],
      [
        behind(DESTINATION_OPTIONS, UNKNOWN_OPTION, udp('<', 9, 7)),
        behind(DESTINATION_OPTIONS, OPTIONS, behind(HOP_BY_HOP, OPTIONS, udp('<', 9, 7))),
        behind(ROUTING, ROUTED, udp('<', 9, 7)),
        part(part(udp('<', 9, 7), 1, 0, 8), 2, 0, 16),
        { ...udp('<', 9, 7), protocol: 59 },
        udp('<', 9, 7),
      ],
      '-----+',
    ],
    [
      'lets later fragments pass where the first did',
      [],
      [
        part(CUT, 1, 8, 12),
        part(CUT, 1, 0, 8),
        part(CUT, 1, 8, 12),
        part(CUT, 2, 8, 12),
        { ...part(CUT, 1, 8, 12), dst: FOREIGN },
      ],
      '-++--',
    ],
    [
      'takes a fragment that is the whole for a packet',
      ['allow in udp to any port 7'],
      [part(udp('<', 9, 7), 1, 0, 12), part(udp('<', 9, 7), 1, 8, 12), part(udp('<', 9, 8), 1, 0, 12)],
      '+--',
    ],
    [
      'lets no fragments in whose first is too short to tell',
      ['allow in udp to any port 7'],
      [part({ ...udp('<', 9, 7), payload: new Uint8Array(4) }, 1, 0, 4)],
      '-',
    ],
    [
      'lets no first fragment pass that leaves its ports, or its flags, to the next',
      ['deny in tcp to any port 22', 'allow'],
      [
        part(behind(DESTINATION_OPTIONS, OPTIONS, tcp('<', 9, 22, SYN)), 1, 0, 8),
        part(behind(DESTINATION_OPTIONS, OPTIONS, udp('>', 9, 22)), 1, 0, 8),
        part(tcp('<', 9, 80, SYN), 1, 0, 16),
        part({ ...udp('<', 9, 22), protocol: 50 }, 1, 0, 0),
        part({ ...udp('<', 9, 22), protocol: 50 }, 1, 0, 8),
      ],
      '----+',
    ],
    [
      'has rules for both families, and for one',
      [
        'deny in udp to 0.0.0.0/0',
        'allow in udp to 2001:db8:1::/48 port 7',
        'deny in udp to ::/0',
        'allow in',
      ],
      [udp('<', 9, 7), udp('<', 9, 8), tcp('<', 9, 8, SYN)],
      '+-+',
    ],
    [
      'has no conversations of other protocols',
      [],
      [
        { ...udp('>', 1, 1), protocol: 50 },
        { ...udp('<', 1, 1), protocol: 50 },
      ],
      '+-',
    ],
  ]
  for (const [title, rules, sent, says] of cases) {
    it(title, () => assert.equal(verdicts(rules, sent), says))
  }

  it('counts a network of 64 bits outside for one host, and each host inside for one', () => {
    const filter = made(['allow in udp'])
    const from = (host: ipv6.Ipv6, way: '<' | '>'): Sent => ({ ...udp(way, 9, 9), src: host })
    const stranger = (i: number): ipv6.Ipv6 => ipv6.of(0x2001, 0xdb8, 2, 0, i, i, i, i)
    const host = (i: number): ipv6.Ipv6 => ipv6.of(0x2001, 0xdb8, 1, 0, i, i, i, i)
    const times = Array.from({ length: 20 }, (_, i) => i + 1)
    assert.equal(
      verdicts(
        [],
        times.map((i) => from(stranger(i), '<')),
        filter,
      ),
      '++++++++++----------',
    )
    assert.equal(
      verdicts(
        [],
        times.map((i) => from(host(i), '>')),
        filter,
      ),
      '++++++++++++++++++++',
    )
    assert.equal(filter.count, 30)
  })

  it('holds no more than its limit of both families', () => {
    const filter = made(['allow in udp'], 5, 10)
    const sent = Array.from({ length: 9 }, (_, i) => udp('>', i + 1, 9))
    assert.equal(verdicts([], sent, filter), '+++++++++')
    assert.equal(filter.count, 5)
  })
})
