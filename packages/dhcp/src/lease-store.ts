/**
 * The leases of a server in a store: one value for each address, a line of text that a person can read.
 *
 *      leases/10.0.0.7   02:50:00:00:00:07 mac:025000000007 2026-05-01T12:00:00.000Z
 *
 * Its end is a date, since the clock that counts milliseconds begins anew with every boot; `never` is a lease
 * without end.
 */
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import * as utf8 from '@mirage/bytes/utf8'
import { type Clock, toEpochMs } from '@mirage/clock'
import * as Key from '@mirage/kv/key'
import type { Kv, KvError, KvWriteError } from '@mirage/kv'
import { type Result, done, ok } from '@mirage/result'
import type { Binding } from './bindings.ts'

const FOLDER = Key.parse('leases')
/** Values that are read when a server starts: more than it has addresses is what others put there. */
const VALUES_MAX = 4096
const LINE = /^(\S{17}) ((?:mac|id):[0-9a-f]{2,510}) (never|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\n$/

/** What was leased when the store was last written. Values that are no leases are left alone, and left out. */
export async function load(
  store: Kv,
  clock: Clock,
): Promise<Result<readonly (readonly [Ipv4, Binding])[], KvError>> {
  const exists = await store.exists(FOLDER)
  if (!exists.ok) return exists
  if (exists.value !== 'dictionary') return ok([])
  const names = await store.list(FOLDER)
  if (!names.ok) return names
  const found: (readonly [Ipv4, Binding])[] = []
  for (const { name } of names.value.slice(0, VALUES_MAX)) {
    const address = ipv4.parse(name)
    if (!address.ok) continue
    const value = await store.get(keyOf(address.value))
    const binding = value.ok ? parse(value.value, clock) : undefined
    if (binding !== undefined) found.push([address.value, binding])
  }
  return ok(found)
}

/** Stores what `address` is leased for, or that it is not. */
export async function save(
  store: Kv,
  clock: Clock,
  address: Ipv4,
  binding: Binding | undefined,
): Promise<Result<void, KvWriteError>> {
  if (binding?.kind !== 'leased') {
    const removed = await store.remove(keyOf(address))
    return removed.ok ? done : removed
  }
  return store.set(keyOf(address), utf8.encode(format(binding, clock)))
}

/** A date that `Date` cannot say is no lease's end, but of a clock that was never set. */
function format({ mac: of, client, until }: Binding, clock: Clock): string {
  const end = until === Infinity ? 'never' : new Date(until + offset(clock)).toISOString()
  return `${mac.format(of)} ${client} ${end}\n`
}

function parse(value: Uint8Array, clock: Clock): Binding | undefined {
  const [, first = '', client = '', end = ''] = LINE.exec(utf8.decode(value)) ?? []
  const address = mac.parse(first)
  const until = end === 'never' ? Infinity : Date.parse(end) - offset(clock)
  if (!address.ok || Number.isNaN(until)) return undefined
  return { kind: 'leased', client, mac: address.value, until }
}

/** From the clock's milliseconds to those since 1970. */
function offset(clock: Clock): number {
  return toEpochMs(clock.wall()) - clock.now()
}

function keyOf(address: Ipv4): Key.Key {
  return Key.append(FOLDER, Key.parse(ipv4.format(address)))
}
