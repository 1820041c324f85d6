/**
 * What hosts and routers report about packets that were sent from here, as the protocols that sent them hear of it:
 * ICMP of either family, without its numbers. RFC 792, RFC 1122 §3.2.2, RFC 4443 §3.
 */
import type { IpAddress } from '@mirage/address/ip'
import type { Protocol } from './ip.ts'

/** What happened to a packet, where it was not too big. */
export type DeliveryErrorKind =
  /** A router knows no way to the network of its destination. */
  | 'net-unreachable'
  /** The last router found no such host. */
  | 'host-unreachable'
  /** The host does not speak the protocol. */
  | 'protocol-unreachable'
  /** Nobody at the host listens to the port. */
  | 'port-unreachable'
  /** Somebody does not let it pass. */
  | 'prohibited'
  /** It went over as many routers as it might. */
  | 'time-exceeded'
  /** Some of its fragments did not arrive. */
  | 'reassembly-timeout'
  /** Somebody did not understand its header. */
  | 'parameter-problem'

/**
 * A report. Whoever can send a packet can forge one, so the protocol checks first that the quoted packet is one that
 * it sent, and lately (RFC 5927). Lent until the call returns.
 */
export type DeliveryError = TooBig | Undelivered

/** A link on the way carries no such packet, and may not cut it. */
export interface TooBig extends Quote {
  readonly kind: 'too-big'
  /**
   * Bytes of the largest packet that it carries, IP header included; where a router does not say, a guess below the
   * size of the packet (RFC 1191 §7.1). It goes to `Ip.reducePathMtu`, once the report is believed.
   */
  readonly mtu: number
}

/** Every other reason. */
export interface Undelivered extends Quote {
  readonly kind: DeliveryErrorKind
}

/** Who reports, and the packet that it is about. */
export interface Quote {
  /** A router on the way, or the destination itself. */
  readonly reporter: IpAddress
  /** As the message has them: of ICMP or of ICMPv6, as `reporter` is of IPv4 or of IPv6. */
  readonly type: number
  readonly code: number
  /** Of the quoted packet, which was sent from here: so `src` is our address. */
  readonly src: IpAddress
  readonly dst: IpAddress
  readonly protocol: Protocol
  /**
   * What came back of its payload, from its first byte on, 8 bytes or more: `frame` from `offset` up to `end`. The
   * ports of TCP and UDP lie at `offset`, and TCP's sequence number four bytes behind.
   */
  readonly frame: Uint8Array
  readonly offset: number
  readonly end: number
}

/** What tells protocols of errors: ICMP of one family, or of both. */
export interface DeliveryErrors {
  /** Tells `receive` of every error about a packet of `protocol`; several may ask. */
  onError(protocol: Protocol, receive: (error: DeliveryError) => void): void
}
