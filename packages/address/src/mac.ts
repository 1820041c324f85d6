/**
 * MAC addresses: the 48-bit EUI-48 of IEEE 802.
 *
 * An address is a number below 2^48, so that two are equal when `===` says so and one can be the key of a
 * map. The brand keeps other numbers out.
 */
import { type Result, err, ok } from '@mirage/result'

declare const brand: unique symbol
/** The address as a number: its first byte is the most significant. */
export type Mac = number & { readonly [brand]: 'mac' }

/** In bytes. */
export const SIZE = 6
/** ff:ff:ff:ff:ff:ff */
export const BROADCAST: Mac = 0xffff_ffff_ffff as Mac
/** 00:00:00:00:00:00, which no device has. */
export const ZERO: Mac = 0 as Mac

/** Six pairs of hexadecimal digits between colons, or between hyphens, in either case. */
export function parse(text: string): Result<Mac, 'bad-mac'> {
  if (!/^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i.test(text)) return err('bad-mac')
  return ok(Number.parseInt(text.replace(/[:-]/g, ''), 16) as Mac)
}

/** Lower case, with colons: `02:00:00:00:00:01`. */
export function format(mac: Mac): string {
  const digits = mac.toString(16).padStart(12, '0')
  return (digits.match(/../g) ?? []).join(':')
}

/** The six bytes of `bytes` from `offset`, which the caller has checked to be there. */
export function read(bytes: Uint8Array, offset: number): Mac {
  const high = (bytes[offset]! << 8) | bytes[offset + 1]!
  const low =
    ((bytes[offset + 2]! << 24) |
      (bytes[offset + 3]! << 16) |
      (bytes[offset + 4]! << 8) |
      bytes[offset + 5]!) >>>
    0
  return (high * 0x1_0000_0000 + low) as Mac
}

/** Writes six bytes of `bytes` from `offset`, for which the caller has checked that there is room. */
export function write(bytes: Uint8Array, offset: number, mac: Mac): void {
  const high = Math.floor(mac / 0x1_0000_0000)
  const low = mac >>> 0
  bytes[offset] = high >>> 8
  bytes[offset + 1] = high
  bytes[offset + 2] = low >>> 24
  bytes[offset + 3] = low >>> 16
  bytes[offset + 4] = low >>> 8
  bytes[offset + 5] = low
}

/** Whether the group bit is set: a multicast or the broadcast address. */
export function isGroup(mac: Mac): boolean {
  return (Math.floor(mac / 0x100_0000_0000) & 1) === 1
}

/** The unicast, locally administered address 02:50:xx:xx:xx:xx with `id`, 32 bits, in its last four bytes. */
export function local(id: number): Mac {
  return (0x0250 * 0x1_0000_0000 + (id >>> 0)) as Mac
}
