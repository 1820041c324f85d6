/** What a stack counts, as metrics. */
import { type Counts, type Metric, counters, drops as dropsOf, gauge } from '@mirage/metrics'
import type { Ipv4Layer } from '@mirage/ip'
import type { Net } from '@mirage/net'
import type { connect } from '@mirage/tcp/connect'

/** What TCP tells of itself. */
export type TransportCounts = Pick<ReturnType<typeof connect>, 'counters' | 'usage'>

/** An interface of IP, as far as it holds anything. */
export type Holding = Pick<Ipv4Layer, 'fragmentsSize'>

/**
 * The traffic of `net`, what waits in the layers of IP, what TCP did and uses, and what each layer dropped: `drops` those
 * below TCP, by their names.
 */
export function collect(
  net: Net,
  ips: readonly Holding[],
  drops: Readonly<Record<string, Counts>>,
  { counters: { drops: tcpDrops, ...tcp }, usage }: TransportCounts,
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
    gauge('mirage_tcp_connections', 'Connections in any state.', usage.connections),
    gauge(
      'mirage_tcp_memory_bytes',
      'Bytes that wait in all of them, to be read or to be sent.',
      usage.memory,
    ),
    gauge(
      'mirage_ip_fragments_bytes',
      'Bytes of fragments that wait for the rest of their packets.',
      ips.reduce((sum, { fragmentsSize }) => sum + fragmentsSize, 0),
    ),
    dropsOf({ ...drops, tcp: tcpDrops }),
  ]
}
