/** What an application is given to talk to the network. */
import type { Icmp } from '@mirage/icmp'
import type { Ip } from '@mirage/ip'
import type { Tcp } from '@mirage/tcp'
import type { Udp } from '@mirage/udp'

export interface Stack {
  readonly tcp: Tcp
  readonly udp: Udp
  readonly icmp: Icmp
  readonly ip: Ip
  /** Ends every connection and stops the device. Disconnecting twice is the same as once. */
  disconnect(): void
}
