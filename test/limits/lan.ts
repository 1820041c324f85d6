/** A server, an honest client and a villain on one switch, on virtual time. */
import * as ipv4 from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import { setU16, setU32 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { type ManualClock, manual } from '@mirage/clock/manual'
import type { Net } from '@mirage/net'
import { seeded } from '@mirage/random/seeded'
import { type Stack, connect } from '@mirage/stack'
import type { Tcp, TcpFlow } from '@mirage/tcp'
import type { Counters, Usage } from '@mirage/tcp/connect'
import { vnetif } from '@mirage/vnetif'

export const SERVER: ipv4.Ipv4 = ipv4.of(10, 0, 0, 1)
const CLIENT = ipv4.of(10, 0, 0, 2)
const VILLAIN = ipv4.of(10, 0, 0, 66)
const PORT = 80

export const [SYN, RST, ACK] = [2, 4, 16]

/** What the server's TCP tells of itself. */
export type Told = Tcp & { readonly counters: Counters; readonly usage: Usage }

export interface Lan {
  readonly clock: ManualClock
  readonly server: Told
  readonly client: Stack
  readonly villain: Stack
  /** Hands the server a segment that is nobody's, from `host` of 2^16 outside. */
  readonly forge: (host: number, port: number, flags: number, seq: number, ack: number) => void
  /** Lets `duration` pass, with everything that applications do in between. */
  readonly pass: (duration: number) => Promise<void>
}

export function lan(): Lan {
  const clock = manual()
  const link = vnetif({ clock, queue: 4096 })
  const random = seeded(7)
  const devices = [link.connect(), link.connect(), link.connect(), link.connect()] as const
  // Answers to hosts outside go to the villain, who does not forward them.
  const stack = (net: Net, address: ipv4.Ipv4): Stack =>
    connect({ net, clock, random }, { cidr: { address, prefixLength: 24 }, gateway: VILLAIN })
  const server = stack(devices[0], SERVER)
  const forger = devices[3]
  return {
    clock,
    server: server.tcp as Told,
    client: stack(devices[1], CLIENT),
    villain: stack(devices[2], VILLAIN),
    forge: (...of) => void forger.write(54, (frame) => forged(frame, devices[0].mac, forger.mac, ...of)),
    pass: async (duration) => {
      for (let left = duration; left > 0; left -= 10) {
        clock.advance(10)
        for (let i = 0; i < 20; i++) await Promise.resolve()
      }
    },
  }
}

function forged(
  frame: Uint8Array,
  to: mac.Mac,
  from: mac.Mac,
  host: number,
  port: number,
  flags: number,
  seq: number,
  ack: number,
): number {
  const src = ipv4.of(172, 16, (host >>> 8) & 0xff, host & 0xff)
  mac.write(frame, 0, to)
  mac.write(frame, 6, from)
  setU16(frame, 12, 0x0800)
  setU16(frame, 14, 0x4500)
  setU16(frame, 16, 40)
  setU16(frame, 22, (64 << 8) | 6)
  ipv4.write(frame, 26, src)
  ipv4.write(frame, 30, SERVER)
  setU16(frame, 24, checksum.of(frame, 14, 34))
  setU16(frame, 34, port)
  setU16(frame, 36, PORT)
  setU32(frame, 38, seq)
  setU32(frame, 42, ack)
  frame[46] = 0x50
  frame[47] = flags
  setU16(frame, 48, 0xffff)
  setU16(frame, 50, checksum.of(frame, 34, 54, checksum.pseudo(src, SERVER, 6, 20)))
  return 54
}

/** A connection from `stack` to the server. */
export async function opened({ pass }: Lan, stack: Stack): Promise<TcpFlow> {
  const opening = stack.tcp.connect({ address: SERVER, port: PORT })
  await pass(200)
  const connection = await Promise.race([opening, Promise.resolve(undefined)])
  if (connection?.ok !== true) throw new Error(`not connected: ${connection?.error}`)
  return connection.value
}
