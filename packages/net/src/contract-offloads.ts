/** What `Net` promises of frames that are left to the device: part of `netContract`. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import * as mac from '@mirage/address/mac'
import { concat, equal, getU16, getU32, setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { hex } from '@mirage/bytes/hex'
import type { Rig } from './contract-rig.ts'
import { type Fill, HEADER_SIZE, type Net, type Offload } from './net.ts'

/** The tests, each on a fresh rig, which pass where nothing is left to the device. */
export function offloadsContract(rig: () => Rig | Promise<Rig>): void {
  it('cuts datagrams, or says of which size they are, if it does anything of the kind', async () => {
    const { a, b, arrived } = await rig()
    if (a.offloads?.datagrams !== true) return
    const received: Uint8Array[] = []
    const { headerSize } = UDP_OVER_IPV4
    b.listen((each, _isChecked, segmentSize = Infinity) => {
      const end = each.length
      for (let at = headerSize; at < end; at += segmentSize)
        received.push(each.slice(at, Math.min(at + segmentSize, end)))
    })
    leave(a, b, PAYLOAD, { ...UDP_OVER_IPV4, segmentSize: 1000 })
    await arrived()
    assert.deepEqual(received, [PAYLOAD.slice(0, 1000), PAYLOAD.slice(1000, 2000), PAYLOAD.slice(2000)])
  })

  for (const [what, offload] of [
    ['segments over IPv4', TCP_OVER_IPV4],
    ['segments over IPv6', TCP_OVER_IPV6],
    ['datagrams over IPv4', UDP_OVER_IPV4],
    ['datagrams over IPv6', UDP_OVER_IPV6],
  ] as const) {
    it(`hands over ${what} as on a wire to who declines all else`, async () => {
      const { a, b, arrived } = await rig()
      const { checksum: completes = false, segmentation = 0, datagrams = false } = a.offloads ?? {}
      b.declineOffloads?.()
      const received: Uint8Array[] = []
      b.listen((each, _isChecked, segmentSize) => {
        assert.equal(segmentSize, undefined)
        received.push(each.slice())
      })
      const pieces: Piece[] = []
      if (completes) {
        leave(a, b, PAYLOAD.slice(0, 999), { ...offload, segmentSize: 0 })
        pieces.push({ payload: PAYLOAD.slice(0, 999), offset: 0, isFirst: true, isLast: true })
      }
      if (segmentation > 0 && (datagrams || !offload.isUdp)) {
        leave(a, b, PAYLOAD, { ...offload, segmentSize: 1000 })
        for (const offset of [0, 1000, 2000])
          pieces.push({
            payload: PAYLOAD.slice(offset, offset + 1000),
            offset,
            isFirst: offset === 0,
            isLast: offset === 2000,
          })
      }
      await arrived()
      assert.equal(received.length, pieces.length)
      for (const [i, piece] of pieces.entries()) isOnWire(received[i]!, piece, offload)
    })
  }
}

const PAYLOAD = new Uint8Array(2500).map((_, i) => i * 7)
/** Segments are sent with all of these: CWR, ACK, PSH and FIN. */
const FLAGS = 0x99
const [CWR, PSH_AND_FIN] = [0x80, 0x09]
/** That of the first byte of the text. It begins anew on the way. */
const SEQUENCE = 0xffff_fe00

const IPV4 = { checksumStart: HEADER_SIZE + 20, isIpv6: false, segmentSize: 0 }
const IPV6 = { checksumStart: HEADER_SIZE + 40, isIpv6: true, segmentSize: 0 }
const TCP = { checksumOffset: 16, isUdp: false }
const UDP = { checksumOffset: 6, isUdp: true }
const TCP_OVER_IPV4: Offload = { ...IPV4, ...TCP, headerSize: IPV4.checksumStart + 20 }
const TCP_OVER_IPV6: Offload = { ...IPV6, ...TCP, headerSize: IPV6.checksumStart + 20 }
const UDP_OVER_IPV4: Offload = { ...IPV4, ...UDP, headerSize: IPV4.checksumStart + 8 }
const UDP_OVER_IPV6: Offload = { ...IPV6, ...UDP, headerSize: IPV6.checksumStart + 8 }

/** Sends `payload` from `a` to `b` in one frame, of which `offload` is left to the device. */
function leave(a: Net, b: Net, payload: Uint8Array, offload: Offload): void {
  const whole = frame(a, b, payload, offload)
  const fill: Fill = (lent) => {
    lent.set(whole)
    return whole.length
  }
  assert.ok(a.write(whole.length, fill, offload, true).ok)
}

/** From 10.0.0.1:9 to 10.0.0.2:9, or from fd00::1 to fd00::2, with the sum of the pseudo-header in the checksum's place. */
function frame(from: Net, to: Net, payload: Uint8Array, { isIpv6, isUdp, ...offload }: Offload): Uint8Array {
  const length = offload.headerSize - offload.checksumStart + payload.length
  const ethernet = new Uint8Array(2 * mac.SIZE)
  mac.write(ethernet, 0, to.mac)
  mac.write(ethernet, mac.SIZE, from.mac)
  const protocol = isUdp ? '11' : '06'
  const ip = hex(
    isIpv6
      ? `86dd 60000000 0000 ${protocol} 40 fd00${'00'.repeat(13)}01 fd00${'00'.repeat(13)}02`
      : `0800 4500 0000 00004000 40${protocol} 0000 0a000001 0a000002`,
  )
  const above = hex(
    isUdp ? '0009 0009 0000 0000' : `0009 0009 fffffe00 00000001 50${FLAGS.toString(16)} 0100 0000 0000`,
  )
  const bytes = concat([ethernet, ip, above, payload])
  setU16(bytes, HEADER_SIZE + (isIpv6 ? 4 : 2), isIpv6 ? length : 20 + length)
  if (!isIpv6) setU16(bytes, HEADER_SIZE + 10, checksum.of(bytes, HEADER_SIZE, offload.checksumStart))
  if (isUdp) setU16(bytes, offload.checksumStart + 4, length)
  const at = offload.checksumStart + offload.checksumOffset
  setU16(bytes, at, checksum.folded(pseudo(bytes, isIpv6, isUdp, offload.checksumStart, length)))
  return bytes
}

function pseudo(bytes: Uint8Array, isIpv6: boolean, isUdp: boolean, start: number, length: number): number {
  return checksum.add(bytes, start - (isIpv6 ? 32 : 8), start, (isUdp ? 17 : 6) + length)
}

/** Part of what was sent in one frame. */
interface Piece {
  readonly payload: Uint8Array
  /** Where it was in the whole payload. */
  readonly offset: number
  readonly isFirst: boolean
  readonly isLast: boolean
}

/** Asserts that `bytes` is `piece`, whole: with all that its headers say of it. */
function isOnWire(bytes: Uint8Array, piece: Piece, { isIpv6, isUdp, ...offload }: Offload): void {
  const { payload, offset, isFirst, isLast } = piece
  const { checksumStart: start, headerSize } = offload
  const length = bytes.length - start
  assert.ok(equal(bytes.subarray(headerSize), payload), 'its payload')
  assert.equal(getU16(bytes, HEADER_SIZE + (isIpv6 ? 4 : 2)), isIpv6 ? length : 20 + length, 'its length')
  if (!isIpv6) assert.equal(checksum.of(bytes, HEADER_SIZE, start), 0, 'the checksum of its header')
  const sum = checksum.of(bytes, start, bytes.length, pseudo(bytes, isIpv6, isUdp, start, length))
  assert.equal(sum, 0, 'its checksum')
  if (isUdp) return assert.equal(getU16(bytes, start + 4), length, 'the length of the datagram')
  assert.equal(getU32(bytes, start + 4), (SEQUENCE + offset) % 2 ** 32, 'its sequence number')
  assert.equal(bytes[start + 13], FLAGS & ~(isFirst ? 0 : CWR) & ~(isLast ? 0 : PSH_AND_FIN), 'its flags')
}
