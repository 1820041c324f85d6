/** What a DHCP server is told by whoever runs it. */
import type { Cidr, Ipv4 } from '@mirage/address/ipv4'
import type { Mac } from '@mirage/address/mac'
import type { Range } from './bindings.ts'

/** An address that is kept for one client. */
export interface Host {
  readonly address: Ipv4
  /** By which it is known; a client that has the identifier is meant, whatever its MAC address. One of both. */
  readonly mac?: Mac
  readonly clientId?: Uint8Array
  /** The name that it is told it has. */
  readonly hostname?: string
}

/** What a server leases, and what it tells its clients. */
export interface Config {
  /** The server's own address, and the network that it leases from. */
  readonly cidr: Cidr
  /** The addresses that it leases to anybody, all in the network; `ADDRESSES_MAX` at most in all. */
  readonly ranges: readonly Range[]
  /** Addresses that are kept for one client each; they may lie in the ranges or beside them. */
  readonly hosts?: readonly Host[]
  readonly gateway?: Ipv4
  readonly dnsServers?: readonly Ipv4[]
  readonly ntpServers?: readonly Ipv4[]
  readonly domainName?: string
  readonly searchList?: readonly string[]
  readonly mtu?: number
  /** Any other options, by code: RFC 2132. */
  readonly others?: ReadonlyMap<number, Uint8Array>
  /** In seconds; `INFINITE` for leases without end. */
  readonly leaseTime: number
  /** False where there are other servers on the link: then it is silent about clients that may be theirs. True unless told. */
  readonly isAlone?: boolean
}
