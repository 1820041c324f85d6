/** A device that does what virtio 1.2 §5.1.6.2 asks of one: it completes checksums, and cuts datagrams. */
import { getU16, setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { HEADER_SIZE, type Net, type Offload } from '@mirage/net'
import { assert, done } from '@mirage/result'

/** `net`, in front of which datagrams are cut; `wholes` are told how long the frames were that came to be cut. */
export function cutting(net: Net, wholes: number[] = []): Net {
  return {
    mac: net.mac,
    mtu: net.mtu,
    counters: net.counters,
    offloads: { checksum: true, segmentation: 65_535, datagrams: true },
    write(size, fill, offload, isFilled) {
      if (offload === undefined) return net.write(size, fill, undefined, isFilled)
      const buffer = new Uint8Array(size)
      const whole = buffer.subarray(0, fill(buffer))
      if (offload.segmentSize > 0) wholes.push(whole.length)
      for (const frame of offload.segmentSize > 0 ? cut(whole, offload) : [whole]) {
        complete(frame, offload)
        const sent = net.write(frame.length, (lent) => (lent.set(frame), frame.length), undefined, true)
        if (!sent.ok) return sent
      }
      return done
    },
    listen: (receive) => net.listen(receive),
    resetCounters: () => net.resetCounters(),
    disconnect: () => net.disconnect(),
  }
}

/** The frames of `whole`, each with its lengths; what stands in their checksums' places is for those. */
function cut(
  whole: Uint8Array,
  { segmentSize, headerSize, checksumStart, isIpv6, isUdp }: Offload,
): Uint8Array[] {
  assert(isUdp && headerSize === checksumStart + 8, 'what is cut here is datagrams')
  const frames: Uint8Array[] = []
  for (let offset = headerSize; offset < whole.length; offset += segmentSize) {
    const payload = whole.subarray(offset, Math.min(offset + segmentSize, whole.length))
    const frame = new Uint8Array(headerSize + payload.length)
    frame.set(whole.subarray(0, headerSize))
    frame.set(payload, headerSize)
    const missing = whole.length - frame.length
    less(frame, checksumStart + 4, missing)
    // The sum of the pseudo-header has the length in it.
    less(frame, checksumStart + 6, missing, 0xffff)
    less(frame, HEADER_SIZE + (isIpv6 ? 4 : 2), missing)
    if (!isIpv6) {
      setU16(frame, HEADER_SIZE + 10, 0)
      setU16(frame, HEADER_SIZE + 10, checksum.of(frame, HEADER_SIZE, HEADER_SIZE + 20))
    }
    frames.push(frame)
  }
  return frames
}

/** Makes the number at `offset` smaller, modulo `modulus`. */
function less(frame: Uint8Array, offset: number, by: number, modulus: number = 0x1_0000): void {
  setU16(frame, offset, (getU16(frame, offset) - by + modulus) % modulus)
}

function complete(frame: Uint8Array, { checksumStart, checksumOffset }: Offload): void {
  setU16(frame, checksumStart + checksumOffset, checksum.of(frame, checksumStart, frame.length) || 0xffff)
}
