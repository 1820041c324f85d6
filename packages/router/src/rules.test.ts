import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { err, ok } from '@mirage/result'
import { type Rule, format, parse } from './rules.ts'
import { ipv6Cidr as cidr6 } from '../../address/src/testing/literals.ts'
import { cidr } from './testing/world.ts'

describe('a rule', () => {
  const read: [text: string, rule: Rule][] = [
    ['allow out', { verdict: 'allow', direction: 'out' }],
    ['deny', { verdict: 'deny' }],
    [
      'reject in udp from 192.0.2.0/24',
      { verdict: 'reject', direction: 'in', protocol: 'udp', from: { prefix: cidr('192.0.2.0/24') } },
    ],
    [
      'allow in tcp to 10.0.0.5/32 port 80-81',
      {
        verdict: 'allow',
        direction: 'in',
        protocol: 'tcp',
        to: { prefix: cidr('10.0.0.5/32'), ports: { first: 80, last: 81 } },
      },
    ],
    [
      'allow tcp from any port 1024-65535 to any port 22',
      {
        verdict: 'allow',
        protocol: 'tcp',
        from: { ports: { first: 1024, last: 65_535 } },
        to: { ports: { first: 22, last: 22 } },
      },
    ],
    [
      'deny in udp from fd00::/8 to 2001:db8::5/128 port 53',
      {
        verdict: 'deny',
        direction: 'in',
        protocol: 'udp',
        from: { prefix: cidr6('fd00::/8') },
        to: { prefix: cidr6('2001:db8::5/128'), ports: { first: 53, last: 53 } },
      },
    ],
    ['allow in icmp', { verdict: 'allow', direction: 'in', protocol: 'icmp' }],
  ]
  for (const [text, rule] of read) {
    it(`is read from "${text}", and shown so`, () => {
      assert.deepEqual(parse(text), ok(rule))
      assert.equal(format(rule), text)
    })
  }

  it('may name one address, and be written in capitals', () => {
    assert.deepEqual(
      parse('  ALLOW In from 10.0.0.5'),
      ok({ verdict: 'allow', direction: 'in', from: { prefix: cidr('10.0.0.5/32') } }),
    )
  })

  it('may name one address of IPv6', () => {
    assert.deepEqual(
      parse('allow in to 2001:db8::5'),
      ok({ verdict: 'allow', direction: 'in', to: { prefix: cidr6('2001:db8::5/128') } }),
    )
  })

  const wrong = [
    '',
    'let in',
    'allow sideways',
    'allow in from',
    'allow in from 10.0.0',
    'allow in to any port 80',
    'allow tcp to any port',
    'allow tcp to any port 0',
    'allow tcp to any port 90-80',
    'allow tcp to any port 70000',
    'allow in icmp to any port 7',
    'allow to any from any',
    'allow in in',
    'allow in from 10.0.0.0/8 to fd00::/8',
    'allow in from fd00::/129',
  ]
  for (const text of wrong) {
    it(`is not read from "${text}"`, () => assert.deepEqual(parse(text), err('bad-rule')))
  }
})
