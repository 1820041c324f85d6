/**
 * What the two ends of a measurement tell each other: the protocol of iperf3.
 *
 * One TCP connection controls. It begins with the client's cookie, 37 bytes, as every TCP stream of the test does; from
 * then on it carries states, one byte each, and after some of them JSON behind its length, 4 bytes big-endian.
 *
 *      client                          server
 *      cookie ───────────────────────▶
 *             ◀─────────────────────── PARAM_EXCHANGE
 *      parameters, JSON ─────────────▶
 *             ◀─────────────────────── CREATE_STREAMS
 *      streams, TCP or UDP ══════════▶
 *             ◀─────────────────────── TEST_START, TEST_RUNNING
 *      TEST_END ─────────────────────▶
 *             ◀─────────────────────── EXCHANGE_RESULTS
 *      results, JSON ────────────────▶
 *             ◀─────────────────────── results, JSON, DISPLAY_RESULTS
 *      IPERF_DONE ───────────────────▶
 */
import { getU32, setU32 } from '@mirage/bytes'
import * as utf8 from '@mirage/bytes/utf8'
import { type Random, below } from '@mirage/random'
import { type Result, err, ok } from '@mirage/result'

/** Where servers listen, for TCP and for UDP. */
export const PORT = 5201
export const COOKIE_SIZE = 37

export const TEST_START = 1
export const TEST_RUNNING = 2
export const TEST_END = 4
export const PARAM_EXCHANGE = 9
export const CREATE_STREAMS = 10
export const SERVER_TERMINATE = 11
export const CLIENT_TERMINATE = 12
export const EXCHANGE_RESULTS = 13
export const DISPLAY_RESULTS = 14
export const IPERF_DONE = 16
/** The server has a client already. */
export const ACCESS_DENIED = 0xff
/** Two numbers follow, 4 bytes each: which error, and `errno`. */
export const SERVER_ERROR = 0xfe
/** Of the first of the two: something is not implemented. */
export const NOT_IMPLEMENTED = 13

/** Streams in one direction. */
export const STREAMS_MAX = 128
const BLOCK_SIZE_MAX = 1_048_576
const DATAGRAM_SIZE_MAX = 65_507
const SECONDS_MAX = 86_400
const OMIT_MAX = 600
/** What 256 streams have to say fits. */
export const JSON_SIZE_MAX = 131_072

export interface Parameters {
  readonly protocol: 'tcp' | 'udp'
  /** The test ends after this time, or once so many bytes or blocks were carried, if one of these is not 0. */
  readonly seconds: number
  readonly bytes: number
  readonly blocks: number
  /** Streams in one direction. */
  readonly parallel: number
  /** The server sends. */
  readonly isReverse: boolean
  /** Both send: the first half of the streams goes to the server. */
  readonly isBidirectional: boolean
  /** The bytes of a write, or of the payload of a datagram. */
  readonly blockSize: number
  /** Bits a second of one stream; 0 for as many as there can be. */
  readonly bandwidth: number
  /** Seconds at the beginning that do not count. */
  readonly omit: number
  /** Datagrams are numbered in eight bytes, not in four. */
  readonly hasLongCounters: boolean
}

/** What one end has counted of one stream. */
export interface StreamResult {
  readonly id: number
  readonly bytes: number
  /** In seconds. */
  readonly jitter: number
  /** Datagrams lost. */
  readonly errors: number
  readonly packets: number
  readonly seconds: number
}

/** 36 letters and digits, and a zero. */
export function makeCookie(random: Random): Uint8Array {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
  let text = ''
  while (text.length < COOKIE_SIZE - 1) text += alphabet[below(random, alphabet.length)]
  return utf8.encode(`${text}\0`)
}

/** The id of the stream that is opened as number `index`: 1, 3, 4, 5, … as other implementations count. */
export function streamId(index: number): number {
  return index === 0 ? 1 : index + 2
}

/** JSON behind its length. */
export function frameJson(value: unknown): Uint8Array {
  const text = utf8.encode(JSON.stringify(value))
  const framed = new Uint8Array(4 + text.length)
  setU32(framed, 0, text.length)
  framed.set(text, 4)
  return framed
}

/** What a client sends after PARAM_EXCHANGE. */
export function emitParameters(parameters: Parameters): Uint8Array {
  const { protocol, seconds, bytes, blocks, parallel, blockSize, bandwidth, omit } = parameters
  return frameJson({
    [protocol]: true,
    omit,
    time: seconds,
    num: bytes,
    blockcount: blocks,
    parallel,
    ...(parameters.isReverse ? { reverse: true } : {}),
    ...(parameters.isBidirectional ? { bidirectional: true } : {}),
    len: blockSize,
    bandwidth,
    pacing_timer: 1000,
    ...(protocol === 'udp' ? { udp_counters_64bit: 1 } : {}),
    client_version: '3.12',
  })
}

/** What `json`, without its length, asks for. */
export function parseParameters(json: Uint8Array): Result<Parameters, 'bad-parameters'> {
  const fields = parseObject(json)
  if (fields === undefined) return err('bad-parameters')
  const isUdp = isSet(fields['udp'])
  const parameters: Parameters = {
    protocol: isUdp ? 'udp' : 'tcp',
    seconds: numberOr(fields['time'], 0),
    bytes: numberOr(fields['num'], 0),
    blocks: numberOr(fields['blockcount'], 0),
    parallel: numberOr(fields['parallel'], 1),
    isReverse: isSet(fields['reverse']),
    isBidirectional: isSet(fields['bidirectional']),
    blockSize: numberOr(fields['len'], isUdp ? 1460 : 131_072),
    bandwidth: numberOr(fields['bandwidth'], 0),
    omit: numberOr(fields['omit'], 0),
    hasLongCounters: isSet(fields['udp_counters_64bit']),
  }
  return isPossible(parameters) ? ok(parameters) : err('bad-parameters')
}

function isPossible({
  protocol,
  seconds,
  bytes,
  blocks,
  parallel,
  blockSize,
  bandwidth,
  omit,
}: Parameters): boolean {
  const isWithin = (value: number, least: number, most: number): boolean => value >= least && value <= most
  return (
    isWithin(seconds, 0, SECONDS_MAX) &&
    bytes >= 0 &&
    blocks >= 0 &&
    bandwidth >= 0 &&
    isWithin(omit, 0, OMIT_MAX) &&
    Number.isInteger(parallel) &&
    isWithin(parallel, 1, STREAMS_MAX) &&
    Number.isInteger(blockSize) &&
    isWithin(blockSize, protocol === 'udp' ? 16 : 1, protocol === 'udp' ? DATAGRAM_SIZE_MAX : BLOCK_SIZE_MAX)
  )
}

/** What one end sends as its results. */
export function emitResults(streams: readonly StreamResult[], isSender: boolean): Uint8Array {
  return frameJson({
    // What a process of an operating system would know.
    cpu_util_total: 0,
    cpu_util_user: 0,
    cpu_util_system: 0,
    sender_has_retransmits: isSender ? 0 : -1,
    streams: streams.map(({ id, bytes, jitter, errors, packets, seconds }) => ({
      id,
      bytes,
      retransmits: -1,
      jitter,
      errors,
      omitted_errors: 0,
      packets,
      omitted_packets: 0,
      start_time: 0,
      end_time: seconds,
    })),
  })
}

/** What the other end counted, of as many streams as there may be. */
export function parseResults(json: Uint8Array): Result<readonly StreamResult[], 'bad-results'> {
  const streams = parseObject(json)?.['streams']
  if (!Array.isArray(streams) || streams.length > 2 * STREAMS_MAX) return err('bad-results')
  const results: StreamResult[] = []
  for (const stream of streams as readonly unknown[]) {
    if (!isObject(stream) || typeof stream['id'] !== 'number') return err('bad-results')
    results.push({
      id: stream['id'],
      bytes: numberOr(stream['bytes'], 0),
      jitter: numberOr(stream['jitter'], 0),
      errors: numberOr(stream['errors'], 0),
      packets: numberOr(stream['packets'], 0),
      seconds: numberOr(stream['end_time'], 0),
    })
  }
  return ok(results)
}

type Fields = Readonly<Record<string, unknown>>

function parseObject(json: Uint8Array): Fields | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(json))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isSet(value: unknown): boolean {
  return value === true || (typeof value === 'number' && value !== 0)
}

function numberOr(value: unknown, other: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : other
}

/** What a client's first datagram says, and what the server answers, on machines whose words begin with the low byte. */
export const UDP_HELLO: Uint8Array = Uint8Array.of(0x39, 0x38, 0x37, 0x36)
export const UDP_WELCOME: Uint8Array = Uint8Array.of(0x36, 0x37, 0x38, 0x39)

/** The header of a datagram: when it was sent, in seconds and microseconds, and its number from 1. */
export function emitDatagram(
  datagrams: Uint8Array,
  microseconds: number,
  number: number,
  isLong: boolean,
  offset: number = 0,
): void {
  setU32(datagrams, offset, Math.floor(microseconds / 1_000_000))
  setU32(datagrams, offset + 4, microseconds % 1_000_000)
  if (isLong) setU32(datagrams, offset + 8, Math.floor(number / 0x1_0000_0000))
  setU32(datagrams, offset + (isLong ? 12 : 8), number)
}

/** The number of a datagram that is long enough to have one. */
export function datagramNumber(datagram: Uint8Array, isLong: boolean): number {
  return isLong ? getU32(datagram, 8) * 0x1_0000_0000 + getU32(datagram, 12) : getU32(datagram, 8)
}

/** When it was sent, in microseconds on its sender's clock. */
export function datagramTime(datagram: Uint8Array): number {
  return getU32(datagram, 0) * 1_000_000 + getU32(datagram, 4)
}

/** The bytes that a datagram's header takes. */
export function datagramHeaderSize(isLong: boolean): number {
  return isLong ? 16 : 12
}
