/**
 * Which groups we are members of, told to the switches and routers that carry groups only to members: RFC 3810.
 *
 *      0      1      2             4              6         8
 *      +------+------+-------------+--------------+---------+
 *      | 143  |  0   |  checksum   |      0       | records |  record ...
 *      +------+------+-------------+--------------+---------+
 *      record: kind (1), 0 (1), sources (2), group (16); from all sources but none: we choose among no senders
 *
 * Not here: choosing senders, and older versions of the protocol, whose queries are answered in this one.
 */
import * as ipv6 from '@mirage/address/ipv6'
import { getU16, setU16 } from '@mirage/bytes'
import type { Millis } from '@mirage/clock'

/** Who wants to know which groups have members. */
export const QUERY = 130
/** The answer of a member, also unasked: RFC 3810 §5.2. */
export const REPORT = 143
/** Where reports go: every router that carries groups. */
export const ROUTERS: ipv6.Ipv6 = ipv6.of(0xff02, 0, 0, 0, 0, 0, 0, 0x16)
/** Groups of one report; there are never more of ours. */
export const GROUPS_MAX = 32

/** Of a query, in bytes: version 1 has no more. */
const QUERY_SIZE = 24
/** Times that a change is told, a second apart at most: RFC 3810 §9.1, §9.11. */
const ROBUSTNESS = 2
const UNSOLICITED_INTERVAL: Millis = 1000

const IS_EXCLUDE = 2
const TO_EXCLUDE = 4

/** The state. */
export interface Membership {
  /** When the next report is due. */
  deadline: Millis
  changesLeft: number
}

/** Nothing to tell. */
export function create(): Membership {
  return { deadline: Infinity, changesLeft: 0 }
}

/** There is another group: it is told now, and again. */
export function joined(membership: Membership, now: Millis): void {
  membership.changesLeft = ROBUSTNESS
  membership.deadline = now
}

/**
 * A router asks, in the ICMPv6 message from `offset` up to `end` of `frame`. It is answered within the time that it
 * gives, `chance` (0 to 1) of it, and with all that we have: RFC 3810 §5.1.3.
 */
export function queried(
  membership: Membership,
  frame: Uint8Array,
  offset: number,
  end: number,
  now: Millis,
  chance: number,
): void {
  if (end - offset < QUERY_SIZE) return
  const code = getU16(frame, offset + 4)
  const delay = code < 0x8000 ? code : ((code & 0xfff) | 0x1000) << (((code >>> 12) & 7) + 3)
  membership.deadline = Math.min(membership.deadline, now + delay * chance)
}

/** The kind of the records that are due; nothing if none are. */
export function tick(membership: Membership, now: Millis, chance: number): number | undefined {
  if (now < membership.deadline) return undefined
  const isChange = membership.changesLeft > 0
  if (isChange) membership.changesLeft -= 1
  membership.deadline = membership.changesLeft > 0 ? now + chance * UNSOLICITED_INTERVAL : Infinity
  return isChange ? TO_EXCLUDE : IS_EXCLUDE
}

/** How many bytes a report of so many groups has. */
export function sizeOf(count: number): number {
  return 8 + 20 * count
}

/** Writes a report of `groups`, its checksum field zero, to bytes of `frame` from `offset` that are zero. */
export function emit(frame: Uint8Array, offset: number, kind: number, groups: readonly ipv6.Ipv6[]): void {
  frame[offset] = REPORT
  setU16(frame, offset + 6, groups.length)
  for (const [i, group] of groups.entries()) {
    const at = offset + sizeOf(i)
    frame[at] = kind
    ipv6.write(frame, at + 4, group)
  }
}
