/**
 * DHCP options: RFC 2132, with values above 255 bytes as RFC 3396.
 *
 *      +------+--------+---------------+
 *      | code | length | value ...     |      0 is padding and 255 the end: both stand alone
 *      +------+--------+---------------+
 *
 * `FIELDS` is the table of what we know. An option that is not in it is skipped, and one whose value does not
 * have its type's length is left out, as if it had not been sent.
 */
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import { concat, getU16, getU32, setU16, setU32 } from '@mirage/bytes'
import * as names from './names.ts'

/** Option values. Durations are in seconds; `INFINITE` never ends. */
export interface Options {
  readonly subnetMask?: Ipv4
  /** In the order of the server's preference, as all lists here; never empty. */
  readonly routers?: readonly Ipv4[]
  readonly dnsServers?: readonly Ipv4[]
  readonly hostname?: string
  readonly domainName?: string
  readonly interfaceMtu?: number
  readonly broadcastAddress?: Ipv4
  readonly ntpServers?: readonly Ipv4[]
  readonly requestedAddress?: Ipv4
  readonly leaseTime?: number
  /** 1: the `file` field holds options; 2: `sname`; 3: both. `wire.parse` has read them already. */
  readonly overload?: number
  readonly messageType?: number
  readonly serverId?: Ipv4
  /** The codes of the options that a client asks for. */
  readonly parameterRequests?: Uint8Array
  /** Why a server said no, for people. */
  readonly errorMessage?: string
  readonly messageSizeMax?: number
  readonly renewalTime?: number
  readonly rebindingTime?: number
  readonly clientId?: Uint8Array
  /** What a relay added, which the server gives back as it came: RFC 3046 §2.2. */
  readonly relayAgent?: Uint8Array
  /** Domains in which a name without dots is looked for: RFC 3397. */
  readonly searchList?: readonly string[]
  /** Any others, by code: written, and never read. One that the table knows is left out. */
  readonly others?: ReadonlyMap<number, Uint8Array>
}

/** A duration without end: RFC 2131 §3.3. */
export const INFINITE = 0xffff_ffff

const PAD = 0
/** The code that ends an area. */
export const END = 255
const VALUE_SIZE_MAX = 255
/** Longer texts, which no option has, are cut. */
const TEXT_LENGTH_MAX = 255
/** And longer lists: a frame carries no more. */
const ADDRESSES_MAX = 308

interface Codec<T> {
  readonly parse: (value: Uint8Array) => T | undefined
  readonly emit: (value: T) => Uint8Array
}

/** Opaque bytes, which no option has more of than fit into one part: a copy, which keeps no datagram alive. */
const bytes: Codec<Uint8Array> = {
  parse: (value) => (value.length > 0 && value.length <= VALUE_SIZE_MAX ? value.slice() : undefined),
  emit: (value) => value,
}
const u8: Codec<number> = {
  parse: (value) => (value.length === 1 ? value[0] : undefined),
  emit: (value) => Uint8Array.of(value),
}
const u16: Codec<number> = {
  parse: (value) => (value.length === 2 ? getU16(value, 0) : undefined),
  emit: (value) => filled(2, (to) => setU16(to, 0, value)),
}
const u32: Codec<number> = {
  parse: (value) => (value.length === 4 ? getU32(value, 0) : undefined),
  emit: (value) => filled(4, (to) => setU32(to, 0, value)),
}
const address: Codec<Ipv4> = {
  parse: (value) => (value.length === 4 ? ipv4.read(value, 0) : undefined),
  emit: (value) => filled(4, (to) => ipv4.write(to, 0, value)),
}
const addresses: Codec<readonly Ipv4[]> = {
  parse(value) {
    if (value.length === 0 || value.length % 4 !== 0) return undefined
    const length = Math.min(value.length / 4, ADDRESSES_MAX)
    return Array.from({ length }, (_, index) => ipv4.read(value, index * 4))
  },
  emit: (value) =>
    filled(value.length * 4, (to) => value.forEach((each, index) => ipv4.write(to, index * 4, each))),
}
const searchList: Codec<readonly string[]> = { parse: names.parse, emit: names.emit }
const text: Codec<string> = {
  // RFC 2132 §2: a sender should not end a text with zeros, and a receiver must expect that it does.
  parse(value) {
    const whole = String.fromCharCode(...value.subarray(0, TEXT_LENGTH_MAX)).replace(/\0+$/, '')
    return whole === '' ? undefined : whole
  },
  emit: (value) =>
    Uint8Array.from(value, (character) => (character <= '\u007f' ? character.charCodeAt(0) : 63)),
}

interface Field {
  readonly code: number
  readonly name: keyof Options
  readonly codec: Codec<unknown>
}

/** RFC 2132, by its codes; the message type first, as everybody sends it. */
const FIELDS: readonly Field[] = [
  field(53, 'messageType', u8),
  field(1, 'subnetMask', address),
  field(3, 'routers', addresses),
  field(6, 'dnsServers', addresses),
  field(12, 'hostname', text),
  field(15, 'domainName', text),
  field(26, 'interfaceMtu', u16),
  field(28, 'broadcastAddress', address),
  field(42, 'ntpServers', addresses),
  field(50, 'requestedAddress', address),
  field(51, 'leaseTime', u32),
  field(52, 'overload', u8),
  field(54, 'serverId', address),
  field(55, 'parameterRequests', bytes),
  field(56, 'errorMessage', text),
  field(57, 'messageSizeMax', u16),
  field(58, 'renewalTime', u32),
  field(59, 'rebindingTime', u32),
  field(61, 'clientId', bytes),
  // RFC 3046 §2.1: the last of all, where a relay finds it.
  field(119, 'searchList', searchList),
  field(82, 'relayAgent', bytes),
]

/** One line of the table: the codec is that of the field's type. */
function field<Name extends keyof Options>(
  code: number,
  name: Name,
  codec: Codec<NonNullable<Options[Name]>>,
): Field {
  return { code, name, codec: codec as Codec<unknown> }
}

const fieldOf = new Map(FIELDS.map((each) => [each.code, each]))

/** The values of `areas`, read as one: an option that comes in several parts is joined (RFC 3396 §7). */
export function parse(areas: readonly Uint8Array[]): Options {
  const parts = new Map<number, Uint8Array[]>()
  for (const area of areas) collect(area, parts)
  const options: Record<string, unknown> = {}
  for (const [code, values] of parts) {
    const known = fieldOf.get(code)
    const value = known?.codec.parse(concat(values))
    if (known !== undefined && value !== undefined) options[known.name] = value
  }
  return options
}

/** The options of `area` up to its end mark, or up to where a length leads outside: what came before is good. */
function collect(area: Uint8Array, parts: Map<number, Uint8Array[]>): void {
  let offset = 0
  while (offset < area.length && area[offset] !== END) {
    const code = area[offset]!
    offset += 1
    if (code === PAD) continue
    const length = area[offset] ?? 0
    offset += 1
    if (offset + length > area.length) return
    const values = parts.get(code)
    const value = area.subarray(offset, offset + length)
    if (values === undefined) parts.set(code, [value])
    else values.push(value)
    offset += length
  }
}

/** The message type first, then in the table's order, each option by itself: with code and length, in parts if long. */
export function encode(options: Options): readonly Uint8Array[] {
  const encoded: Uint8Array[] = []
  for (const { code, name, codec } of FIELDS) {
    const value = options[name]
    if (value !== undefined) encoded.push(inParts(code, codec.emit(value)))
  }
  for (const [code, value] of options.others ?? []) {
    if (code !== PAD && code !== END && !fieldOf.has(code)) encoded.push(inParts(code, value))
  }
  return encoded
}

/** The same as one, with the end mark. */
export function emit(options: Options): Uint8Array {
  return concat([...encode(options), Uint8Array.of(END)])
}

/** RFC 3396 §5. An empty value is no option. */
function inParts(code: number, value: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  for (let offset = 0; offset < value.length; offset += VALUE_SIZE_MAX) {
    const part = value.subarray(offset, offset + VALUE_SIZE_MAX)
    parts.push(Uint8Array.of(code, part.length), part)
  }
  return concat(parts)
}

function filled(size: number, fill: (value: Uint8Array) => void): Uint8Array {
  const value = new Uint8Array(size)
  fill(value)
  return value
}
