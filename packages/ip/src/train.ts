/** Datagrams that a device hands over uncut, because whoever takes them cuts them as well as it could: virtio 1.2 §5.1.6.4. */
import { type Packet, UDP } from './ip.ts'

/** Behind the header of IP: that of UDP, which is the same for all of them but for its length and checksum. */
const UDP_HEADER_SIZE = 8
/** More than Linux leaves uncut: one frame is no more work than so many. */
const COUNT_MAX = 128

/**
 * Whether `packet`, of which the device says that it is datagrams of `segmentSize`, is so much of UDP as one of them, and no
 * more than `COUNT_MAX`.
 */
export function isTrain({ protocol, offset, end, segmentSize = 0 }: Packet): boolean {
  const length = end - offset - UDP_HEADER_SIZE
  return protocol === UDP && segmentSize > 0 && length >= segmentSize && length <= COUNT_MAX * segmentSize
}
