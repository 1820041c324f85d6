/**
 * Explicit congestion notification, RFC 3168: a router marks what it would else drop soon, the receiver echoes that until
 * the sender says that it has reduced its window.
 */
import * as recovery from './recovery.ts'
import { ACK, CWR, ECE, SYN, type Segment } from './segment.ts'
import type { Tcb } from './tcb.ts'

/** What the two bits in the traffic class of a packet say: it may be marked, and it was. RFC 3168 §5. */
const CAPABLE = 2
const MARKED = 3

/** What `tcb.ecn` holds, beside nothing. */
const AGREED = 1
/** A mark arrived, and the peer has not said that it heard of it. */
const ECHOING = 2
/** Our window was reduced, and the peer does not know. */
const REDUCED = 4

/** What our SYN says, if it is the first: who does not answer may be behind a router that drops such (§6.1.1.1). */
export function synFlags({ ecn, attempts }: Tcb, isAnswer: boolean): number {
  if (isAnswer) return ecn === 0 ? 0 : ECE
  return attempts === 0 ? ECE | CWR : 0
}

/** The peer's SYN, or its answer to ours. §6.1.1. */
export function synArrived(tcb: Tcb, { flags }: Segment): void {
  const expected = (flags & ACK) === 0 ? ECE | CWR : ECE
  tcb.ecn = (flags & (ECE | CWR)) === expected ? AGREED : 0
}

/** Whether `segment` says anything about congestion. */
export function isSilent({ flags, ecn }: Segment): boolean {
  return (flags & (ECE | CWR)) === 0 && ecn !== MARKED
}

/** What a segment past the handshake says. */
export function arrived(tcb: Tcb, segment: Segment): void {
  if (tcb.ecn === 0 || (segment.flags & SYN) !== 0 || isSilent(segment)) return
  if ((segment.flags & CWR) !== 0) tcb.ecn &= ~ECHOING
  if (segment.ecn === MARKED && segment.textLength > 0) {
    tcb.ecn |= ECHOING
    // The sooner the sender knows, the better.
    tcb.ackDue = 'now'
  }
  if ((segment.flags & ECE) !== 0 && tcb.snd.una !== tcb.snd.max && recovery.marked(tcb)) tcb.ecn |= REDUCED
}

/** What every segment of ours says. */
export function flags({ ecn }: Tcb): number {
  return (ecn & ECHOING) === 0 ? 0 : ECE
}

/** Whether the next text is to say that our window was reduced: then it is one segment, not to say it often. */
export function isReductionDue({ ecn }: Tcb): boolean {
  return (ecn & REDUCED) !== 0
}

/** Text that was never sent before may be marked (§6.1.5), and says what is to be said of our window. */
export function fresh(tcb: Tcb, out: Segment): void {
  if (tcb.ecn === 0) return
  out.ecn = CAPABLE
  if ((tcb.ecn & REDUCED) !== 0) out.flags |= CWR
  tcb.ecn &= ~REDUCED
}
