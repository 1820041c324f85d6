/**
 * DHCP messages: RFC 2131 §2.
 *
 *      0        8        16       24     31
 *      +--------+--------+--------+--------+
 *      |   op   | htype  |  hlen  |  hops  |   0
 *      |                xid                |   4
 *      |      secs       |      flags      |   8
 *      |              ciaddr               |  12   the client's address, if it may use it already
 *      |              yiaddr               |  16   "your" address, from the server
 *      |              siaddr               |  20
 *      |              giaddr               |  24   the relay agent's
 *      |             chaddr (16)           |  28   the client's MAC address
 *      |             sname  (64)           |  44
 *      |             file  (128)           | 108
 *      |               cookie              | 236
 *      |              options ...          | 240
 *      +-----------------------------------+
 */
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import type { Mac } from '@mirage/address/mac'
import { concat, getU16, getU32, setU16, setU32 } from '@mirage/bytes'
import { type Result, err, ok } from '@mirage/result'
import * as options from './options.ts'
import type { Options } from './options.ts'

/** The UDP port of servers. */
export const SERVER_PORT = 67
/** The UDP port of clients: RFC 2131 §4.1. */
export const CLIENT_PORT = 68
/** Everything before the options, the cookie included. */
export const HEADER_SIZE = 240

/** Messages are padded to this: BOOTP's size, below which old relays and servers drop them (RFC 1542 §2.1). */
const SIZE_MIN = 300
/** What every host takes (RFC 2131 §2), and what an option may ask for at least: without IP's and UDP's headers. */
export const SIZE_MAX_MIN = 548
/** What fits an Ethernet frame: without IP's and UDP's headers. */
export const SIZE_MAX = 1472
/** Where the fields `sname` and `file` begin and end, and the bits of option 52 that give them to options. */
const FILE = { start: 108, end: 236, bit: 1 }
const SNAME = { start: 44, end: 108, bit: 2 }
const COOKIE = 0x6382_5363
const ETHERNET = 1
const BROADCAST_FLAG = 0x8000

/** Option 53, by its values from 1 on. */
export const TYPES = ['discover', 'offer', 'request', 'decline', 'ack', 'nak', 'release', 'inform'] as const
/** What a message says: RFC 2131 §3.1, table 2. */
export type MessageType = (typeof TYPES)[number]

/** A message, as a record of its fields. */
export interface Message {
  readonly type: MessageType
  /** What the client chose for this exchange, 32 bits. */
  readonly xid: number
  /** Since the client began, in seconds. */
  readonly secs: number
  /** The client cannot receive unicast yet: its address is not configured. */
  readonly broadcast: boolean
  readonly ciaddr: Ipv4
  readonly yiaddr: Ipv4
  readonly siaddr: Ipv4
  readonly giaddr: Ipv4
  readonly chaddr: Mac
  /** Without the message type and the overload, which `emit` writes and `parse` reads. */
  readonly options: Omit<Options, 'messageType' | 'overload'>
}

/** Why a payload is no DHCP message for us. */
export type DhcpError =
  | 'too-short'
  /** Not Ethernet: the hardware type or the length of its addresses. */
  | 'not-ethernet'
  /** BOOTP without options, or something else. */
  | 'not-dhcp'
  /** The type is missing, unknown, or travels in the wrong direction. */
  | 'bad-type'

/** The message keeps nothing of `payload` alive, and is small however long that is. */
export function parse(payload: Uint8Array): Result<Message, DhcpError> {
  if (payload.length < HEADER_SIZE) return err('too-short')
  if (payload[1] !== ETHERNET || payload[2] !== mac.SIZE) return err('not-ethernet')
  if (getU32(payload, 236) !== COOKIE) return err('not-dhcp')
  const { messageType, overload: _, ...rest } = parseOptions(payload)
  const type = TYPES[(messageType ?? 0) - 1]
  if (type === undefined || payload[0] !== opOf(type)) return err('bad-type')
  return ok({
    type,
    xid: getU32(payload, 4),
    secs: getU16(payload, 8),
    broadcast: (getU16(payload, 10) & BROADCAST_FLAG) !== 0,
    ciaddr: ipv4.read(payload, 12),
    yiaddr: ipv4.read(payload, 16),
    siaddr: ipv4.read(payload, 20),
    giaddr: ipv4.read(payload, 24),
    chaddr: mac.read(payload, 28),
    options: rest,
  })
}

/** The options field, then `file`, then `sname`, as far as the overload option says (RFC 2131 §4.1). */
function parseOptions(payload: Uint8Array): Options {
  const areas = [payload.subarray(HEADER_SIZE)]
  const { overload = 0 } = options.parse(areas)
  if (overload > (FILE.bit | SNAME.bit)) return options.parse(areas)
  if ((overload & FILE.bit) !== 0) areas.push(payload.subarray(FILE.start, FILE.end))
  if ((overload & SNAME.bit) !== 0) areas.push(payload.subarray(SNAME.start, SNAME.end))
  return options.parse(areas)
}

/**
 * The payload of a datagram, new and the caller's: `sizeMax` bytes at most. Options that do not fit go to the
 * fields `file` and `sname` (RFC 2131 §4.1), and those that fit nowhere are left out, the last ones first.
 */
export function emit(message: Message, sizeMax: number = SIZE_MAX): Uint8Array {
  const messageType = TYPES.indexOf(message.type) + 1
  const whole = options.emit({ ...message.options, messageType })
  if (HEADER_SIZE + whole.length <= sizeMax) return withHeader(message, whole)
  const { areas, overload } = distribute(message, messageType, sizeMax)
  const payload = withHeader(message, areas.options)
  if ((overload & FILE.bit) !== 0) payload.set(areas.file, FILE.start)
  if ((overload & SNAME.bit) !== 0) payload.set(areas.sname, SNAME.start)
  return payload
}

interface Distributed {
  readonly areas: Readonly<Record<'options' | 'file' | 'sname', Uint8Array>>
  readonly overload: number
}

/** Each option goes where there is room first; the relay's, which is the last, stays with the first ones. */
function distribute(message: Message, messageType: number, sizeMax: number): Distributed {
  const { relayAgent, ...others } = message.options
  const ends = relayAgent === undefined ? [] : options.encode({ relayAgent })
  const overload = FILE.bit | SNAME.bit
  const first = options.encode({ messageType, overload })
  const reserved = [...first, ...ends].reduce((sum, each) => sum + each.length, 0)
  const areas = [
    { left: sizeMax - HEADER_SIZE - reserved - 1, parts: [...first] },
    { left: FILE.end - FILE.start - 1, parts: [] as Uint8Array[] },
    { left: SNAME.end - SNAME.start - 1, parts: [] as Uint8Array[] },
  ]
  for (const option of options.encode(others)) {
    const area = areas.find(({ left }) => left >= option.length)
    if (area === undefined) continue
    area.left -= option.length
    area.parts.push(option)
  }
  areas[0]!.parts.push(...ends)
  const [inOptions, file, sname] = areas.map(({ parts }) => concat([...parts, Uint8Array.of(options.END)]))
  return { areas: { options: inOptions!, file: file!, sname: sname! }, overload }
}

function withHeader(message: Message, values: Uint8Array): Uint8Array {
  const payload = new Uint8Array(Math.max(SIZE_MIN, HEADER_SIZE + values.length))
  payload[0] = opOf(message.type)
  payload[1] = ETHERNET
  payload[2] = mac.SIZE
  setU32(payload, 4, message.xid)
  setU16(payload, 8, message.secs)
  setU16(payload, 10, message.broadcast ? BROADCAST_FLAG : 0)
  ipv4.write(payload, 12, message.ciaddr)
  ipv4.write(payload, 16, message.yiaddr)
  ipv4.write(payload, 20, message.siaddr)
  ipv4.write(payload, 24, message.giaddr)
  mac.write(payload, 28, message.chaddr)
  setU32(payload, 236, COOKIE)
  payload.set(values, HEADER_SIZE)
  return payload
}

/** 1, BOOTREQUEST, from a client; 2, BOOTREPLY, from a server. */
function opOf(type: MessageType): number {
  return type === 'offer' || type === 'ack' || type === 'nak' ? 2 : 1
}
