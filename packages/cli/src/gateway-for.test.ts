import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatCidr } from '@mirage/address/ipv4'
import { gatewayFor } from './gateway-for.ts'

const rows: [words: string, gateway: string | undefined][] = [
  ['', undefined],
  ['--logs debug --port=80', undefined],
  ['--ipv4 192.168.7.2/24', '192.168.7.1/24'],
  ['--ipv4=192.168.7.1/24', '192.168.7.2/24'],
  ['--ipv4=10.1.2.3/16 --ipv4-gateway=10.1.9.9', '10.1.9.9/16'],
  ['--no-dhcp', '10.0.0.1/24'],
  ['--no-dhcp --ipv4-gateway 10.0.0.9', '10.0.0.9/24'],
  ['--ipv4=203.0.113.130/30', '203.0.113.129/30'],
  ['--ipv4=192.168.7.2/31', undefined],
  ['--ipv4=192.168.7.300/24', undefined],
  ['--ipv4', undefined],
  ['--ipv4-gateway 10.0.0.9', undefined],
]

describe('the gateway of mirage run', () => {
  for (const [words, gateway] of rows) {
    it(`is ${gateway ?? 'where it always is'} for ${words === '' ? 'no words' : words}`, () => {
      const cidr = gatewayFor(words.split(' '))
      assert.equal(cidr && formatCidr(cidr), gateway)
    })
  }

  it('reads the arguments of a group, and of one word with spaces', () => {
    const cidr = gatewayFor(['--ipv4=10.9.9.9/24 --admin-ipv4=10.8.8.8/24'], 'admin')
    assert.equal(cidr && formatCidr(cidr), '10.8.8.1/24')
  })
})
