/** UDP for applications: RFC 768. */
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Endpoint } from '@mirage/address/endpoint'
import type { IpError } from '@mirage/ip'
import type { Result } from '@mirage/result'

export interface Datagram {
  readonly src: Endpoint
  readonly dst: Endpoint
  /** A copy: the listener's to keep. */
  readonly payload: Uint8Array
}

export type UdpWriteError = IpError | 'too-long'

export interface UdpWriteOptions {
  /** A random port from 49152 up unless told (RFC 6335 §6). */
  readonly srcPort?: number
  readonly src?: Ipv4
  readonly ttl?: number
}

export interface Udp {
  /** Sends a copy of `payload`, in fragments if it must be; 65,507 bytes at most. */
  write(dst: Endpoint, payload: Uint8Array, options?: UdpWriteOptions): Result<void, UdpWriteError>

  /** Hands every datagram to `port` to `receive`. A `port` outside 1 to 65535 throws. */
  listen(port: number, receive: (datagram: Datagram) => void): Result<void, 'port-in-use'>
  unlisten(port: number): void

  /** Hands datagrams without a listener to `receive`, whatever their destination: what a gateway is made of. */
  forward(receive: (datagram: Datagram) => void): void
}
