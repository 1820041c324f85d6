import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import { explain, parse } from '@mirage/argument/parse'
import { addressing, args } from './addressing.ts'

describe('the address of a stack', () => {
  const chosen: [words: string, address: string][] = [
    ['', 'dhcp'],
    ['--no-dhcp', '10.0.0.2/24 via 10.0.0.1'],
    ['--no-dhcp --ipv4-gateway 10.0.0.9', '10.0.0.2/24 via 10.0.0.9'],
    ['--ipv4 192.168.1.7/24', '192.168.1.7/24'],
    ['--no-dhcp --ipv4=192.168.1.7/24', '192.168.1.7/24'],
    ['--ipv4 192.168.1.7/24 --ipv4-gateway=192.168.1.1', '192.168.1.7/24 via 192.168.1.1'],
    ['--ipv4 10.0.0.0/31 --ipv4-gateway 10.0.0.1', '10.0.0.0/31 via 10.0.0.1'],
    ['--ipv4 10.0.0.7/32', '10.0.0.7/32'],
  ]
  for (const [words, address] of chosen) {
    it(`is ${address} for "${words}"`, () => assert.equal(choose(words), address))
  }

  const refused: [words: string, why: RegExp][] = [
    ['--ipv4-gateway 10.0.0.1', /of no use without --ipv4 or --no-dhcp/],
    ['--ipv4 10.0.0.0/24', /--ipv4: 10\.0\.0\.0\/24 is not the address of a host/],
    ['--ipv4 10.0.0.255/24', /--ipv4: .* is not the address of a host/],
    ['--ipv4 224.0.0.1/24', /--ipv4: .* is not the address of a host/],
    ['--ipv4 0.0.0.0/0', /--ipv4: .* is not the address of a host/],
    ['--ipv4 127.0.0.1/8', /--ipv4: .* is not the address of a host/],
    ['--ipv4 10.0.0.2/24 --ipv4-gateway 10.0.1.1', /--ipv4-gateway: 10\.0\.1\.1 is not .* in the network/],
    ['--ipv4 10.0.0.2/24 --ipv4-gateway 10.0.0.255', /--ipv4-gateway: 10\.0\.0\.255 is not the address/],
    ['--ipv4 10.0.0.2/24 --ipv4-gateway 10.0.0.2', /--ipv4-gateway: .* own address/],
    ['--ipv4 10.0.0.2', /expected an IPv4 address with its prefix length/],
  ]
  for (const [words, why] of refused) {
    it(`is refused for "${words}"`, () => assert.match(choose(words), why))
  }
})

/** What a stack would do that was started with `words`. */
function choose(words: string): string {
  const parsed = parse(words.split(' ').filter(Boolean), { stack: { title: 'Stack', args } })
  if (!parsed.ok) return explain(parsed.error)
  const config = addressing(parsed.value.groups.stack)
  if (!config.ok) return config.error
  if (config.value === 'dhcp') return 'dhcp'
  const { cidr, gateway } = config.value
  return `${ipv4.formatCidr(cidr)}${gateway === undefined ? '' : ` via ${ipv4.format(gateway)}`}`
}
