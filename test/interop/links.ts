/** The links that transfers are tried over. */
import type { Link } from './transfer.ts'

/** A link, what a person calls it, and how much goes over it where time is no matter. */
export interface NamedLink extends Link {
  readonly name: string
  readonly length: number
}

const MB = 1_000_000

/** `delay` is there and back, in milliseconds. */
function far(delay: number): { readonly latency: number } {
  return { latency: delay / 2 }
}

/** Each makes one thing worse, and the last some of them. */
export const links: readonly NamedLink[] = [
  { name: 'clean', faults: {}, length: 1000 * MB },
  ...[0.001, 0.01, 0.03, 0.1].map((loss) => ({
    name: `${loss * 100} % lost, 10 ms`,
    faults: { ...far(10), loss },
    length: loss > 0.05 ? 5 * MB : 20 * MB,
  })),
  ...[1, 20, 100, 200].map((delay) => ({
    name: `${delay} ms, ${delay / 10} ms of jitter`,
    faults: { ...far(delay), jitter: delay / 10 },
    length: 20 * MB,
  })),
  { name: '5 % overtaken by 5 ms', faults: { ...far(20), reorder: 0.05 }, length: 20 * MB },
  { name: '20 % overtaken by 10 ms', faults: { ...far(20), reorder: 0.2, reorderBy: 10 }, length: 20 * MB },
  { name: '5 % twice', faults: { ...far(20), duplicate: 0.05 }, length: 20 * MB },
  { name: '1 % with a wrong bit', faults: { ...far(10), corrupt: 0.01 }, length: 20 * MB },
  { name: '2 Mbit/s', faults: { ...far(20), bandwidth: 2e6 }, length: 4 * MB },
  { name: '100 Mbit/s', faults: { ...far(20), bandwidth: 100e6 }, length: 20 * MB },
  ...[576, 1280, 9000].map((mtu) => ({ name: `an MTU of ${mtu}`, faults: far(2), mtu, length: 20 * MB })),
  {
    name: 'no window scaling, 20 ms',
    faults: far(20),
    settings: { 'ipv4/tcp_window_scaling': '0' },
    length: 20 * MB,
  },
  {
    name: 'no selective acknowledgement, 1 % lost',
    faults: { ...far(10), loss: 0.01 },
    settings: { 'ipv4/tcp_sack': '0' },
    length: 20 * MB,
  },
  {
    name: 'no timestamps, 1 % lost',
    faults: { ...far(10), loss: 0.01 },
    settings: { 'ipv4/tcp_timestamps': '0' },
    length: 20 * MB,
  },
  {
    name: 'a bad day: 1 % lost, 5 % overtaken, 2 % twice, 0.1 % wrong, 20 ms of jitter',
    faults: { ...far(40), loss: 0.01, reorder: 0.05, duplicate: 0.02, corrupt: 0.001, jitter: 20 },
    length: 10 * MB,
  },
]
