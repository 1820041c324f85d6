import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import { explain, parse } from '@mirage/argument/parse'
import { args, families } from './families.ts'

/** What a stack would speak that was started with `words`, on a link with this MTU. */
function speak(words: string, mtu: number = 1500): string {
  const parsed = parse(words.split(' ').filter(Boolean), { stack: { title: 'Stack', args } })
  if (!parsed.ok) return explain(parsed.error)
  const spoken = families(parsed.value.groups.stack, mtu)
  if (!spoken.ok) return spoken.error
  const { hasIpv4, ipv6: options } = spoken.value
  const [four, six] = [hasIpv4 ? '4' : '', options === undefined ? '' : '6']
  const { addresses = [], gateway, acceptsRouters = true } = options ?? {}
  const more = [...addresses.map(ipv6.formatCidr), gateway === undefined ? '' : `via ${ipv6.format(gateway)}`]
  return [four + six, ...more, acceptsRouters ? '' : 'deaf'].filter(Boolean).join(' ')
}

describe('the families of a stack', () => {
  const spoken: [words: string, what: string][] = [
    ['', '46'],
    ['--ipv4-only', '4'],
    ['--ipv6-only', '6'],
    ['--ipv6 fd00::2/64', '46 fd00::2/64'],
    ['--ipv6 fd00::2/64 --ipv6-gateway fd00::1 --ipv6-only', '6 fd00::2/64 via fd00::1'],
    ['--ipv6-gateway fe80::1', '46 via fe80::1'],
    ['--accept-router-advertisements=false', '46 deaf'],
    ['--ipv6-only --ipv6 fd00::2/64 --accept-router-advertisements=false', '6 fd00::2/64 deaf'],
  ]
  for (const [words, what] of spoken) {
    it(`are ${what} for "${words}"`, () => assert.equal(speak(words), what))
  }

  const refused: [words: string, why: RegExp][] = [
    ['--ipv4-only --ipv6-only', /nothing to speak/],
    ['--ipv4-only --ipv6 fd00::2/64', /of no use with --ipv4-only/],
    ['--ipv4-only --ipv6-gateway fe80::1', /of no use with --ipv4-only/],
    ['--ipv6-only --accept-router-advertisements=false', /needs --ipv6/],
    ['--ipv6 ff02::1/64', /--ipv6: ff02::1\/64 is not the address of a host/],
    ['--ipv6 ::/0', /--ipv6: .* is not the address of a host/],
    ['--ipv6 fd00::2/64 --ipv6-gateway fd00::2', /own address/],
    ['--ipv6 fd00::2/64 --ipv6-gateway fd01::1', /--ipv6-gateway: fd01::1 is not .* on the link/],
    ['--ipv6 fd00::2/64 --ipv6-gateway ff02::2', /--ipv6-gateway: ff02::2 is not/],
    ['--ipv6 10.0.0.2/24', /expected an IPv6 address with its prefix length/],
  ]
  for (const [words, why] of refused) {
    it(`are refused for "${words}"`, () => assert.match(speak(words), why))
  }

  it('are IPv4 alone where the link is too narrow, unless IPv6 was asked for', () => {
    assert.equal(speak('', 1279), '4')
    for (const words of ['--ipv6-only', '--ipv6 fd00::2/64']) assert.match(speak(words, 1279), /1,280 bytes/)
    assert.equal(speak('', 1280), '46')
  })
})
