/**
 * What routers report about segments of a connection, and what of it is believed: RFC 1191 §6, RFC 5461, RFC 5927.
 */
import { getU32 } from '@mirage/bytes'
import type { DeliveryError } from '@mirage/ip/errors'
import { TIMESTAMPS_SIZE } from './options.ts'
import { loseAll } from './scoreboard.ts'
import { type Sequence, atMost, lessThan } from './sequence.ts'
import type { Tcb } from './tcb.ts'

/** Whether the quoted segment is one that was sent and is not acknowledged: forgers have to guess. RFC 5927 §4. */
export function isBelieved({ snd }: Tcb, { frame, offset }: DeliveryError): boolean {
  const seq: Sequence = getU32(frame, offset + 4) | 0
  return atMost(snd.una, seq) && lessThan(seq, snd.max)
}

/**
 * Why a connection that is being opened ends with this error; nothing if it goes on. One that is open ends with none:
 * what is wrong on the way may pass (RFC 5927 §5.2).
 */
export function failureOf({ state }: Tcb, kind: DeliveryError['kind']): 'no-route' | 'refused' | undefined {
  if (state !== 'syn-sent') return undefined
  if (kind === 'net-unreachable' || kind === 'host-unreachable') return 'no-route'
  const isRefused = kind === 'port-unreachable' || kind === 'protocol-unreachable' || kind === 'prohibited'
  return isRefused ? 'refused' : undefined
}

/**
 * Segments carry `mss` bytes of options and text from now on, if that is less. What is in flight goes again, in such segments: it
 * was too big, which is no sign of congestion (RFC 1191 §6.5). Returns whether it is less.
 */
export function shrink(tcb: Tcb, mss: number): boolean {
  const { snd } = tcb
  const textMax = tcb.hasTimestamps ? mss - TIMESTAMPS_SIZE : mss
  if (textMax >= snd.mss) return false
  snd.mss = textMax
  loseAll(tcb.flight)
  return true
}
