/** A SYN that waits until somebody decides whether it is answered. */
import type { Result } from '@mirage/result'
import type { Connection } from './connection.ts'
import type { ConnectError, Request, TcpFlow } from './tcp.ts'

/**
 * The request that `connection`, in SYN-RECEIVED, stands for; `result` is how its handshake ends. The first
 * decision counts: it runs `answer` or `reset`, unless the peer, or time, was faster.
 */
export function requestOf(
  connection: Connection,
  result: Promise<Result<TcpFlow, ConnectError>>,
  answer: () => void,
  reset: () => void,
): Request {
  connection.isHeld = true
  const decide = (then: () => void): void => {
    if (!connection.isHeld) return
    connection.isHeld = false
    if (connection.tcb.state !== 'gone') then()
  }
  return {
    local: connection.local,
    remote: connection.remote,
    accept() {
      decide(answer)
      return result
    },
    refuse() {
      decide(reset)
    },
  }
}
