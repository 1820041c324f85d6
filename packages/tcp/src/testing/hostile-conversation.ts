/** What a peer that knows the protocol remembers of a connection. */
import type { IpAddress } from '@mirage/address/ip'
import { add } from '../sequence.ts'

/** What the peer knows of one connection. */
export interface Conversation {
  readonly own: IpAddress
  readonly peer: IpAddress
  readonly ownPort: number
  readonly peerPort: number
  /** The peer's initial sequence number, and what it sends next. */
  readonly irs: number
  seq: number
  /** Where the stack's begins, what was acknowledged, and the end of what it sent; nothing before its SYN. */
  iss: number | undefined
  ack: number
  end: number
  scale: number
  hasTimestamps: boolean
  clock: number
  lastStamp: number
  /** A segment with arbitrary bytes was sent: its text may be any. */
  isTainted: boolean
  /** What the stack takes at most: the end of its window. */
  edge: number
}

/** One that begins at `irs`, of which nobody has said anything yet. `clock` is the peer's. */
export function begun(
  names: Pick<Conversation, 'own' | 'peer' | 'ownPort' | 'peerPort'>,
  irs: number,
  clock: number,
): Conversation {
  return {
    ...names,
    irs,
    seq: add(irs, 1),
    iss: undefined,
    ack: 0,
    end: 0,
    scale: 0,
    hasTimestamps: false,
    clock,
    lastStamp: 0,
    isTainted: false,
    edge: add(irs, 65_535),
  }
}
