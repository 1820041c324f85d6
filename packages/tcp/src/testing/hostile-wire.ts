/** The network of a stack that is attacked, of which the peer is all, and the text that both ends send. */
import assert from 'node:assert/strict'
import type { IpAddress } from '@mirage/address/ip'
import type { Ip, IpError, Outgoing, Packet } from '@mirage/ip'
import type { DeliveryError } from '@mirage/ip/errors'
import type { FillAt, Offloads } from '@mirage/net'
import { type Result, done, err } from '@mirage/result'

const MTU = 1500
const SIZE_MAX = 65_535

/** The byte at `place` of a stream. */
function byteAt(place: number): number {
  return (place * 31 + (place >>> 8) * 7) & 0xff
}

const pattern = Uint8Array.from({ length: 1 << 17 }, (_, i) => byteAt(i))

/** The bytes of a stream from `place` on: it begins again every 64 KiB. */
export function textAt(place: number, length: number): Uint8Array {
  const from = place & 0xffff
  return pattern.subarray(from, from + length)
}

/** Whether the bytes of `frame` are those of a stream from `place` on. */
export function isText(frame: Uint8Array, offset: number, length: number, place: number): boolean {
  const expected = textAt(place, length)
  for (let i = 0; i < length; i++) if (frame[offset + i] !== expected[i]) return false
  return true
}

/** The network of the stack under attack, of which the peer is all. */
export class Wire implements Ip {
  readonly offloads: Offloads
  readonly drops = {} as Ip['drops']
  readonly fragmentsSize = 0
  receive: (packet: Packet) => void = () => {}
  report: (error: DeliveryError) => void = () => {}
  unreachable: (dst: IpAddress) => void = () => {}
  sent: (frame: Uint8Array, packet: Readonly<Outgoing>) => IpError | undefined = () => undefined
  #own: readonly IpAddress[]
  #mtu: Map<IpAddress, number> = new Map()

  constructor(own: readonly IpAddress[], offloads: Offloads) {
    this.#own = own
    this.offloads = offloads
  }

  mtu(dst: IpAddress): number {
    return (this.#mtu.get(dst) ?? MTU) - headerOf(dst)
  }

  reducePathMtu(dst: IpAddress, mtu: number): boolean {
    const floor = typeof dst === 'number' ? 552 : 1280
    const known = this.#mtu.get(dst) ?? MTU
    if (mtu >= known) return false
    this.#mtu.set(dst, Math.max(mtu, floor))
    return true
  }

  src(dst: IpAddress): IpAddress {
    return this.#own.find((own) => typeof own === typeof dst)!
  }

  isHost(): boolean {
    return true
  }

  isOwn(address: IpAddress): boolean {
    return this.#own.includes(address)
  }

  write(): never {
    throw new Error('not used')
  }

  writeAt(packet: Readonly<Outgoing>, fill: FillAt): Result<void, IpError> {
    const { dst, size, segmentSize, headerSize: headers } = packet
    assert.ok(size <= SIZE_MAX - headerOf(dst), `a packet of ${size} bytes`)
    if ((segmentSize > 0 ? segmentSize + headers : size) > this.mtu(dst)) return err('would-fragment')
    const frame = new Uint8Array(size + 3)
    assert.equal(fill(frame, 3), size)
    const error = this.sent(frame, packet)
    return error === undefined ? done : err(error)
  }

  listen(_protocol: number, receive: (packet: Packet) => void): void {
    this.receive = receive
  }

  onError(_protocol: number, report: (error: DeliveryError) => void): void {
    this.report = report
  }

  onUnreachable(notify: (dst: IpAddress) => void): void {
    this.unreachable = notify
  }

  listenOther(): void {}
  onReassemblyTimeout(): void {}
  intercept(): void {}
  disconnect(): void {}
  relay(): never {
    throw new Error('not used')
  }
}

function headerOf(address: IpAddress): number {
  return typeof address === 'number' ? 20 : 40
}
