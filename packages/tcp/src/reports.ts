/** What is heard of the ways to peers, and which connections end or change by it: RFC 1122 §4.2.3.9, RFC 1191, RFC 5927. */
import type { IpAddress } from '@mirage/address/ip'
import { getU16 } from '@mirage/bytes'
import type { Ip } from '@mirage/ip'
import type { DeliveryError, DeliveryErrors } from '@mirage/ip/errors'
import type { Connection } from './connection.ts'
import type { Answer } from './input.ts'
import type { SharedLimits } from './limits.ts'
import * as path from './path.ts'
import * as wire from './segment.ts'
import type { Table } from './table.ts'
import * as user from './user.ts'

/** What the stack does for it. */
export interface Host {
  readonly connections: Table<Connection>
  readonly limits: SharedLimits
  /** Sends what is due for `connection`. */
  settle(connection: Connection): void
  /** Ends `connection` as `answer` says. */
  ended(connection: Connection, answer: Answer): void
}

/** Neighbours that do not answer, and errors that routers and hosts send. */
export class Reports {
  /** Those that we open: only they end because a neighbour does not answer, and nobody walks over all to find them. */
  readonly opening: Set<Connection> = new Set()
  readonly #ip: Ip
  readonly #host: Host

  /** Without `icmp` it hears of neighbours alone. */
  constructor(ip: Ip, icmp: DeliveryErrors | undefined, host: Host) {
    this.#ip = ip
    this.#host = host
    ip.onUnreachable((dst) => this.#unreachable(dst))
    icmp?.onError(wire.PROTOCOL, (error) => this.#input(error))
  }

  #unreachable(dst: IpAddress): void {
    for (const connection of this.opening) {
      const { tcb } = connection
      if (tcb.state !== 'syn-sent' || tcb.remoteAddr !== dst) continue
      connection.isUnreachable = true
      this.#host.ended(connection, user.abort(tcb))
    }
  }

  #input(error: DeliveryError): void {
    const { kind, src, dst, frame, offset } = error
    const { connections } = this.#host
    const connection = connections.find(src, getU16(frame, offset), dst, getU16(frame, offset + 2))
    if (connection === undefined || !path.isBelieved(connection.tcb, error)) return
    if (error.kind === 'too-big') return this.#narrowed(connection, error.mtu)
    const failure = path.failureOf(connection.tcb, kind)
    if (failure === undefined) return
    connection.isUnreachable = failure === 'no-route'
    this.#host.ended(connection, user.abort(connection.tcb))
  }

  /** What another connection to the same host loses, it finds out by an error of its own. */
  #narrowed(connection: Connection, mtu: number): void {
    const { tcb } = connection
    const { remoteAddr } = tcb
    this.#ip.reducePathMtu(remoteAddr, mtu)
    if (path.shrink(tcb, this.#host.limits.mssTo(remoteAddr))) this.#host.settle(connection)
  }
}
