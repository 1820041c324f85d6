/** What a stack counts, as metrics. */
import { type Counts, type Metric, counters, drops as dropsOf } from '@mirage/metrics'
import type { Net } from '@mirage/net'
import type { Counters as TcpCounters } from '@mirage/tcp/connect'

/** The traffic of `net`, what TCP did, and what each layer dropped: `drops` those below TCP, by their names. */
export function collect(
  net: Net,
  drops: Readonly<Record<string, Counts>>,
  { drops: tcpDrops, ...tcp }: TcpCounters,
): readonly Metric[] {
  const { rxFrames, rxBytes, txFrames, txBytes } = net.counters
  const [frames, bytes] = [
    { in: rxFrames, out: txFrames },
    { in: rxBytes, out: txBytes },
  ]
  return [
    counters('mirage_net_frames_total', 'Frames that the device carried.', 'direction', frames),
    counters('mirage_net_bytes_total', 'Bytes of these frames, headers included.', 'direction', bytes),
    counters('mirage_tcp_total', 'What TCP did and what happened to it, by name.', 'event', tcp),
    dropsOf({ ...drops, tcp: tcpDrops }),
  ]
}
