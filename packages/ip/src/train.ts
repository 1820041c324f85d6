/** Datagrams that a device hands over uncut, because whoever takes them cuts them as well as it could: virtio 1.2 §5.1.6.4. */
import { type Packet, UDP } from './ip.ts'

/** Behind the header of IP: that of UDP, which is the same for all of them but for its length and checksum. */
const UDP_HEADER_SIZE = 8

/** Whether `packet`, of which the device says that it is datagrams of `segmentSize`, is so much of UDP as one of them. */
export function isTrain({ protocol, offset, end, segmentSize = 0 }: Packet): boolean {
  return protocol === UDP && segmentSize > 0 && end - offset - UDP_HEADER_SIZE >= segmentSize
}
