/**
 * What idle connections hold: a stack whose peers are SYNs and acknowledgements made by hand, so that only its own ends
 * are in this process. `node --expose-gc bench/idle.ts COUNT` prints the bytes of resident memory that they take.
 */
import * as ipv4 from '@mirage/address/ipv4'
import { manual } from '@mirage/clock/manual'
import { setU16, setU32, getU32 } from '@mirage/bytes'
import type { Ip, Outgoing, Packet } from '@mirage/ip'
import { type FillAt, NO_OFFLOADS } from '@mirage/net'
import { seeded } from '@mirage/random/seeded'
import { done } from '@mirage/result'
import type { TcpFlow } from '@mirage/tcp'
import { connect } from '@mirage/tcp/connect'

const OURS = ipv4.of(10, 0, 0, 1)
const PORT = 80
const SYN = 2
const ACK = 16
/** Peers have this many ports each. */
const PORTS = 50_000
const MINUTE = 60_000

const count = Number(process.argv[2])
let receive: (packet: Packet) => void = () => {}
/** The sequence number of the last segment that was sent. */
let seq = 0
const answer = new Uint8Array(2000)

const ip = {
  offloads: NO_OFFLOADS,
  drops: {},
  mtu: () => 1480,
  src: () => OURS,
  isHost: () => true,
  isOwn: () => true,
  listen: (_: number, each: (packet: Packet) => void) => (receive = each),
  onUnreachable: () => {},
  writeAt: (_: Outgoing, fill: FillAt) => {
    fill(answer, 0)
    seq = getU32(answer, 4)
    return done
  },
}
const clock = manual()
const tcp = connect(
  { ip: ip as unknown as Ip, clock, random: seeded(1) },
  { connectionsMax: count, backlogMax: 1000 },
)
const flows: TcpFlow[] = []
tcp.listen(PORT, (flow) => flows.push(flow))

const segment = new Uint8Array(40)
for (let warm = 0; warm < 1000; warm++) open(warm, 1)
await Promise.resolve()
const before = resident()
for (let i = 1000; i < count; i++) {
  open(i % PORTS, 1 + Math.floor(i / PORTS))
  // What runs now has to end now and then, so that applications get their flows.
  if (i % 500 === 0) await Promise.resolve()
}
await Promise.resolve()
await Promise.resolve()
// What only a handshake waits for has come.
clock.advance(MINUTE)
if (flows.length !== count) throw new Error(`${flows.length} of ${count} are established`)
console.log(
  JSON.stringify({
    count,
    resident: process.memoryUsage.rss(),
    perConnection: (resident() - before) / (count - 1000),
  }),
)
process.exit()

function resident(): number {
  gc!()
  gc!()
  return process.memoryUsage.rss()
}

/** A handshake as Linux makes it, with every option that it has. */
function open(port: number, peer: number): void {
  const src = ipv4.of(10, 1, peer >>> 8, peer & 0xff)
  segment.fill(0)
  segment.set([2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7], 20)
  hand(src, port, 1000, 0, SYN, 40)
  segment.fill(0, 20)
  segment.set([1, 1, 8, 10, 0, 0, 0, 2, 0, 0, 0, 0], 20)
  segment.set(answer.subarray(32, 36), 28)
  hand(src, port, 1001, seq + 1, ACK, 32)
}

function hand(src: ipv4.Ipv4, port: number, from: number, ack: number, flags: number, size: number): void {
  setU16(segment, 0, 1024 + port)
  setU16(segment, 2, PORT)
  setU32(segment, 4, from)
  setU32(segment, 8, ack)
  segment[12] = (size / 4) << 4
  segment[13] = flags
  setU16(segment, 14, 0xffff)
  setU16(segment, 16, 0)
  const of = { protocol: 6, ttl: 64, trafficClass: 0, isChecked: true, segmentSize: undefined, header: 0 }
  receive({ frame: segment, offset: 0, end: size, src, dst: OURS, ...of })
}
