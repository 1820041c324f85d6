/** What a gateway has done and refused to do, for people and for tests. */
export interface Counters {
  /** Connections out of the unikernel that were joined to one of the host's. */
  tcpOut: number
  /** Those that the outside refused, or could not be reached for. */
  tcpOutFailed: number
  /** Those that had no place in the gateway, or nobody to go to. */
  tcpOutRefused: number
  /** Connections to published ports that were joined to one of the unikernel's. */
  tcpIn: number
  /** Those that the unikernel did not take in time. */
  tcpInFailed: number
  /** Those above the gateway's limit. */
  tcpInRefused: number
  udpOut: number
  udpIn: number
  /** Datagrams that were lost here: the host was busy or had no socket, or the destination is no host's. */
  udpDropped: number
  /** UDP sockets that made place for others before their time. */
  udpEvicted: number
  dnsQueries: number
  dnsFailed: number
  dhcpReplies: number
  /** Datagrams to port 67 that were no DHCP message. */
  dhcpMalformed: number
}

export function create(): Counters {
  return {
    tcpOut: 0,
    tcpOutFailed: 0,
    tcpOutRefused: 0,
    tcpIn: 0,
    tcpInFailed: 0,
    tcpInRefused: 0,
    udpOut: 0,
    udpIn: 0,
    udpDropped: 0,
    udpEvicted: 0,
    dnsQueries: 0,
    dnsFailed: 0,
    dhcpReplies: 0,
    dhcpMalformed: 0,
  }
}
