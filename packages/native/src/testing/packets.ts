/**
 * A process in a network namespace of its own, which sees what a TAP device carries: says on standard output what it has
 * seen of what it sent and received on the device, as JSON.
 */
import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { writeFileSync } from 'node:fs'
import { type Packets, type Watch, openPackets } from '../packet.ts'
import { open } from '../tap.ts'

/** What is told of a frame. */
interface Seen {
  readonly hex: string
  readonly isSent: boolean
  readonly time: bigint
}

/** EtherTypes for experiments: IEEE 802. */
const EXPERIMENT = '88b5'
const [HOST, GUEST] = ['020000000001', '020000000002'] as const

function must<T>(result: { ok: true; value: T } | { ok: false; error: string }): T {
  if (!result.ok) throw new Error(result.error)
  return result.value
}

const ip = (...words: readonly string[]): unknown => execFileSync('ip', words)
// What the kernel says by itself when the device is up.
writeFileSync('/proc/sys/net/ipv6/conf/default/disable_ipv6', '1')

const tap = must(open('seen0', false))
const write = (hex: string, times = 1): void => {
  const frame = Buffer.from(hex, 'hex')
  for (let i = 0; i < times; i++) tap.addon.write(tap.descriptor, frame, Int32Array.of(0, frame.length), 0, 1)
}
const mine = (text: string): string => HOST + GUEST + EXPERIMENT + text
const from = (
  packets: Packets,
): { readonly seen: Seen[]; readonly watching: Watch; readonly hears: () => Promise<void> } => {
  const seen: Seen[] = []
  let wake = (): void => {}
  const watching = must(
    packets.watch((frame, time, isSent) => {
      seen.push({ hex: Buffer.from(frame).toString('hex'), isSent, time })
      wake()
    }),
  )
  return { seen, watching, hears: () => new Promise((resolve) => (wake = resolve)) }
}

// It is down yet.
const packets = must(openPackets('seen0'))
const { seen, watching, hears } = from(packets)
ip('link', 'set', 'seen0', 'address', '02:00:00:00:00:01', 'up')
ip('address', 'add', '10.0.0.1/24', 'dev', 'seen0')
ip('neighbour', 'add', '10.0.0.2', 'lladdr', '02:00:00:00:00:02', 'dev', 'seen0')
const heard = hears()
write(mine('01'))
await heard
const socket = createSocket('udp4')
await new Promise((resolve) => socket.send('to the guest', 7, '10.0.0.2', resolve))
socket.close()
// Down, and up again.
ip('link', 'set', 'seen0', 'down')
await new Promise(setImmediate)
ip('link', 'set', 'seen0', 'up')
write(mine('02'))
// Tagged, of the network 5 with priority 3, and of one within another.
write(`${HOST}${GUEST}81006005${EXPERIMENT}030303030303`)
write(`${HOST}${GUEST}88a860068100a007${EXPERIMENT}040404040404`)
write(mine('ff'.repeat(1500)))
const lost = watching.end()

// More than there is room for.
const COUNT = 1000
const few = from(must(openPackets('seen0', 2)))
write(mine('05'), COUNT)
const lostOfMany = few.watching.end()

const ages = seen.map(({ time }) => Date.now() - Number(time / 1_000_000n))
console.log(
  JSON.stringify({
    frames: seen.map(({ hex, isSent }) => [isSent ? 'sent' : 'received', hex]),
    lost,
    ofMany: { count: COUNT, lost: lostOfMany, seen: few.seen.length },
    ages: [Math.min(...ages), Math.max(...ages)],
  }),
)
