/**
 * The states of a TCP connection and every move between them: RFC 9293 §3.3.2, figure 5.
 *
 * Sequence numbers, buffers and timers are not here. `input.ts` works out, in the order of §3.10.7.4, which
 * events a segment amounts to; this file says where each event leads.
 *
 * LISTEN and CLOSED are not here either. A listener is an entry in the port table, and a closed connection is
 * one that no longer exists: it is `gone`. A reset needs no entry: sent or received, it ends the connection
 * from any state.
 */
import { assert } from '@mirage/result'

export type State =
  | 'syn-sent'
  | 'syn-received'
  | 'established'
  | 'fin-wait-1'
  | 'fin-wait-2'
  | 'close-wait'
  | 'closing'
  | 'last-ack'
  | 'time-wait'

export type Event =
  /** The peer's SYN arrived, alone: both ends opened at once. */
  | 'syn'
  /** The peer's SYN arrived with the acknowledgement of ours. */
  | 'syn-ack'
  | 'our-syn-acked'
  | 'our-fin-acked'
  /** The peer's FIN is next in sequence: all of its data came before. */
  | 'fin'
  /** The application has no more to send. */
  | 'close'
  /** Twice the maximum segment lifetime has passed in TIME-WAIT. */
  | 'lifetime-over'

const moves: Readonly<Record<State, Readonly<Partial<Record<Event, State | 'gone'>>>>> = {
  'syn-sent': { 'syn-ack': 'established', syn: 'syn-received', close: 'gone' },
  'syn-received': { 'our-syn-acked': 'established', close: 'fin-wait-1' },
  established: { fin: 'close-wait', close: 'fin-wait-1' },
  'fin-wait-1': { 'our-fin-acked': 'fin-wait-2', fin: 'closing' },
  'fin-wait-2': { fin: 'time-wait' },
  'close-wait': { close: 'last-ack' },
  closing: { 'our-fin-acked': 'time-wait' },
  'last-ack': { 'our-fin-acked': 'gone' },
  'time-wait': { 'lifetime-over': 'gone' },
}

/** Where `event` leads. A pair that is not in the table is a bug of ours, never of the peer. */
export function next(state: State, event: Event): State | 'gone' {
  const to = moves[state][event]
  assert(to !== undefined, `tcp: ${event} in ${state}`)
  return to
}

/** Whether the application may still send: we have not sent our FIN. */
export function maySend(state: State | 'gone'): boolean {
  return state === 'established' || state === 'close-wait'
}

/** Whether the peer may still send: its FIN has not come. */
export function mayReceive(state: State | 'gone'): boolean {
  return state === 'established' || state === 'fin-wait-1' || state === 'fin-wait-2'
}

/** Whether both ends know where each other's sequence begins. */
export function isSynchronized(state: State | 'gone'): boolean {
  return state !== 'syn-sent' && state !== 'syn-received' && state !== 'gone'
}
