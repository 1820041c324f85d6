/** What a DHCP client remembers, and what it may decide: the vocabulary of `client.ts`. */
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Mac } from '@mirage/address/mac'
import type { Millis } from '@mirage/clock'
import type { Lease } from './lease.ts'
import type { Message } from './wire.ts'

/** Who asks, and how. */
export interface Config {
  readonly mac: Mac
  /** The name that is told to the server, for its list of leases or its DNS. ASCII. */
  readonly hostname?: string
  /** What the server is to know the client by instead of its MAC address, type included: RFC 2132 §9.14. 2 to 255 bytes. */
  readonly clientId?: Uint8Array
  /**
   * The address is probed for some seconds before it is used: RFC 5227 §2.1.1. Without it the address is used at
   * once and probed at the same time, and given back if somebody answers.
   */
  readonly isCautious?: boolean
}

/** How often the exchange at hand was sent, and since when. */
export interface Exchange {
  readonly xid: number
  /** The first time of sending. */
  readonly since: Millis
  /** What the last message said of the time since the client began. */
  readonly secs: number
  readonly attempts: number
}

/** What a server offered. */
export interface Offer {
  readonly address: Ipv4
  readonly server: Ipv4
}

/** What a client remembers between two calls. A caller keeps it and looks at `deadline` only. */
export type State =
  /** Waits before it begins again. */
  | { readonly kind: 'init'; readonly deadline: Millis }
  /** Asks every server for an address: for `wanted`, which it had before, if that may be. */
  | {
      readonly kind: 'selecting'
      readonly deadline: Millis
      readonly exchange: Exchange
      readonly wanted?: Ipv4
    }
  | {
      readonly kind: 'requesting'
      readonly deadline: Millis
      readonly exchange: Exchange
      readonly offer: Offer
    }
  /** Asks every server whether it may still have `wanted`. */
  | {
      readonly kind: 'rebooting'
      readonly deadline: Millis
      readonly exchange: Exchange
      readonly wanted: Ipv4
    }
  /** Has a lease, and looks whether anybody else uses its address. */
  | { readonly kind: 'probing'; readonly deadline: Millis; readonly lease: Lease; readonly probes: number }
  | { readonly kind: 'bound'; readonly deadline: Millis; readonly lease: Lease; readonly guard: Guard }
  | {
      readonly kind: 'renewing' | 'rebinding'
      readonly deadline: Millis
      readonly exchange: Exchange
      readonly lease: Lease
      readonly guard: Guard
    }

/** How a client that uses an address takes somebody else's claim to it. */
export interface Guard {
  /** Until then, the first claim ends the lease. */
  readonly yieldUntil: Millis
}

/** The states that have an address to use. */
export type Using = Extract<State, { guard: Guard }>

/** The states that wait for an ACK or a NAK. */
export type Asking = Extract<State, { kind: 'requesting' | 'rebooting' | 'renewing' | 'rebinding' }>

/** A message from port 68 to port 67. To 255.255.255.255 it is broadcast on the link as well. */
export interface Outgoing {
  readonly src: Ipv4
  readonly dst: Ipv4
  readonly message: Message
}

/** What happened to the lease, for whoever configures the interface. */
export type Event =
  /** The address is ours from now on. */
  | { readonly kind: 'bound'; readonly lease: Lease }
  /** The same address for longer; everything else of the lease may have changed. */
  | { readonly kind: 'renewed'; readonly lease: Lease }
  /** The address must not be used any more (RFC 2131 §4.4.5). */
  | { readonly kind: 'lost'; readonly lease: Lease }

/** What one call decided, to be done in the order of these fields. */
export interface Output {
  /** `state.deadline` says when `tick` wants to be called: `Infinity` for a lease without end. */
  readonly state: State
  /** An ARP probe for this address, before it is ours: RFC 5227 §1.1. Who claims it is told to `conflict`. */
  readonly probe?: Ipv4
  readonly event?: Event
  readonly send?: Outgoing
  /** An ARP announcement that the address is ours still: RFC 5227 §2.4. */
  readonly announce?: Ipv4
}
