/** A cable between two switches: what one of them has for the other goes across. */
import { type Fill, type Net, HEADER_SIZE } from '@mirage/net'
import { assert } from '@mirage/result'

/**
 * Joins the links of two devices, whose only listener it becomes: every frame that either receives is sent by the other
 * as it is, or lost where that is busy or disconnected. Links joined in a ring carry frames in circles for ever: there
 * is no spanning tree. Devices of different MTUs throw.
 */
export function bridge(a: Net, b: Net): void {
  assert(a.mtu === b.mtu, 'the links of a bridge have the same MTU')
  // What one link carries uncut, or without checksums, the other may not.
  a.declineOffloads?.()
  b.declineOffloads?.()
  a.listen(sender(b))
  b.listen(sender(a))
}

function sender(to: Net): (frame: Uint8Array) => void {
  const sizeMax = to.mtu + HEADER_SIZE
  let frame: Uint8Array
  const copy: Fill = (buffer) => {
    buffer.set(frame)
    return frame.length
  }
  return (received) => {
    // What comes after the end of a frame may make it larger than what may be sent.
    frame = received.length > sizeMax ? received.subarray(0, sizeMax) : received
    to.write(frame.length, copy)
  }
}
