/** What the DHCP server can be told at boot, and what that makes of its network. */
import * as ipv4 from '@mirage/address/ipv4'
import type { Cidr, Ipv4 } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import * as argument from '@mirage/argument'
import type { Values } from '@mirage/argument'
import type { Range } from '@mirage/dhcp/bindings'
import { ADDRESSES_MAX, type Config, type Host } from '@mirage/dhcp/server'
import { type Result, err, ok } from '@mirage/result'

const range = argument.of<Range>(
  {
    docv: 'FIRST-LAST',
    expected: 'two IPv4 addresses such as 10.0.0.100-10.0.0.199',
    parse(word) {
      const [first = '', last = first, ...rest] = word.split('-')
      const [from, to] = [ipv4.parse(first), ipv4.parse(last)]
      return from.ok && to.ok && rest.length === 0
        ? ok({ first: from.value, last: to.value })
        : err('bad-range')
    },
    show: ({ first, last }) => `${ipv4.format(first)}-${ipv4.format(last)}`,
  },
  { doc: 'Addresses to lease to anybody; the whole network unless told. May be repeated.' },
)

const host = argument.of<Host>(
  {
    docv: 'MAC=ADDRESS[=NAME]',
    expected: 'an address for a MAC address such as 02:50:00:00:00:07=10.0.0.7',
    parse(word) {
      const [first = '', second = '', hostname, ...rest] = word.split('=')
      const [of, address] = [mac.parse(first), ipv4.parse(second)]
      if (!of.ok || !address.ok || hostname === '' || rest.length > 0) return err('bad-host')
      return ok({ mac: of.value, address: address.value, ...(hostname === undefined ? {} : { hostname }) })
    },
    show: ({ address }) => ipv4.format(address),
  },
  { doc: 'An address, and a name, that is kept for one client. May be repeated.' },
)

export const args = {
  range: argument.list(range),
  host: argument.list(host),
  router: argument.optional(argument.ipv4({ doc: "The clients' way out; none unless told." })),
  dns: argument.list(argument.ipv4({ doc: 'A name server. May be repeated.' })),
  ntp: argument.list(argument.ipv4({ doc: 'A time server. May be repeated.' })),
  domain: argument.optional(argument.text({ doc: "The clients' domain.", docv: 'NAME' })),
  mtu: argument.optional(
    argument.integer({ doc: 'The most bytes of an IP packet on this network.', min: 576, max: 65_535 }),
  ),
  leaseTime: argument.integer({
    doc: 'How long a lease lasts, in seconds.',
    default: 3600,
    min: 10,
    max: 0xffff_fffe,
  }),
  shared: argument.flag({ doc: 'There are other DHCP servers: say nothing to clients that may be theirs.' }),
  noProbe: argument.flag({ doc: 'Do not ping an address before offering it to somebody new.' }),
}

/** What a server at `cidr` is told; or one sentence about what is wrong with it. */
export function configOf(cidr: Cidr, values: Values<typeof args>): Result<Config, string> {
  const { range: given, host: hosts, router, domain, mtu, leaseTime, shared } = values
  const ranges = given.length > 0 ? given : [wholeOf(cidr)]
  const outside = [
    ...ranges.flatMap(({ first, last }) => [first, last]),
    ...hosts.map(({ address }) => address),
  ]
  for (const address of router === undefined ? outside : [...outside, router]) {
    if (!ipv4.contains(cidr, address))
      return err(`${ipv4.format(address)} is not in the network of ${ipv4.formatCidr(cidr)}`)
  }
  const counts = ranges.map(({ first, last }) => last - first + 1)
  if (counts.some((count) => count < 1)) return err('--range: the first address of a range comes first')
  const count = counts.reduce((sum, each) => sum + each, 0)
  if (count > ADDRESSES_MAX) return err(`--range: ${count} addresses are more than ${ADDRESSES_MAX}`)
  return ok({
    cidr,
    ranges,
    hosts,
    ...(router === undefined ? {} : { gateway: router }),
    dnsServers: values.dns,
    ntpServers: values.ntp,
    ...(domain === undefined ? {} : { domainName: domain }),
    ...(mtu === undefined ? {} : { mtu }),
    leaseTime,
    isAlone: !shared,
  })
}

/** As many addresses of the network as a server leases. It knows which of them nobody can have. */
function wholeOf(cidr: Cidr): Range {
  const first = ipv4.network(cidr)
  return { first, last: Math.min(ipv4.broadcastOf(cidr), first + ADDRESSES_MAX - 1) as Ipv4 }
}
