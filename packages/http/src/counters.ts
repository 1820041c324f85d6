/** What a server has done since it was made. */
export interface Counters {
  acceptedConnections: number
  /** For being too many. */
  refusedConnections: number
  /** With a head that was good, whatever became of them. */
  requests: number
  /** Answered by the server itself, for what RFC 9110 and RFC 9112 do not allow, or a limit. */
  refusedRequests: number
  /** Heads and writes that took too long. */
  timeouts: number
  /** Handlers that threw, and responses that broke off. */
  handlerErrors: number
}
