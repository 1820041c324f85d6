import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import { setU16 } from '@mirage/bytes'
import { manual } from '@mirage/clock/manual'
import { connect as connectEthernet } from '@mirage/ethernet'
import { UDP } from '@mirage/ip'
import type { DeliveryError } from '@mirage/ip/errors'
import { connect as connectIpv6 } from '@mirage/ip/ipv6'
import { pair } from '@mirage/net/pair'
import { seeded } from '@mirage/random/seeded'
import { connect } from './udp.ts'

const A = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 1)
const B = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 2)
const HEADERS_SIZE = 48

/** A host, and what it is told: that a datagram with `size` bytes of payload was too big for a link of `mtu` bytes. */
function rig() {
  const clock = manual()
  const random = seeded(1)
  const addresses = [{ address: A, prefixLength: 64 }]
  const ethernet = connectEthernet(pair({ clock }).a)
  const ip = connectIpv6({ ethernet, clock, random }, { addresses, isTrusted: true, acceptsRouters: false })
  let tell: ((error: DeliveryError) => void) | undefined
  const icmp = {
    onError: (_protocol: number, receive: (error: DeliveryError) => void): void => {
      tell = receive
    },
    portUnreachable: (): void => {},
  }
  const udp = connect({ ip, icmp, random })
  const tooBig = (size: number, mtu: number): void => {
    const frame = new Uint8Array(8)
    for (const [i, field] of [9, 7, 8 + size].entries()) setU16(frame, 2 * i, field)
    const quote = { src: A, dst: B, protocol: UDP, frame, offset: 0, end: 8 }
    tell?.({ kind: 'too-big', mtu, reporter: B, type: 2, code: 0, ...quote })
  }
  const send = (size: number): void => {
    udp.write({ address: B, port: 7 }, new Uint8Array(size), { srcPort: 9 })
  }
  return { ip, udp, send, tooBig }
}

describe('who says that a datagram of IPv6 was too big', () => {
  it('is not believed of one that every link carries, whatever he says', () => {
    const { ip, udp, send, tooBig } = rig()
    send(1280 - HEADERS_SIZE)
    tooBig(1280 - HEADERS_SIZE, 1279)
    tooBig(1280 - HEADERS_SIZE, 68)
    assert.deepEqual([ip.mtu(B), udp.drops['bad-error']], [1460, 2])
  })

  it('is believed of one that is larger than what he says that the link carries, with its headers', () => {
    const { ip, udp, send, tooBig } = rig()
    send(1281 - HEADERS_SIZE)
    tooBig(1281 - HEADERS_SIZE, 1281)
    assert.deepEqual([ip.mtu(B), udp.drops['bad-error']], [1460, 1])
    tooBig(1281 - HEADERS_SIZE, 1280)
    assert.deepEqual([ip.mtu(B), udp.drops['bad-error']], [1240, 1])
  })
})
