/** Counters of what led to nothing in an interface of either family. */
import type { IpDrop } from './ip.ts'
import { noDrops as noFragmentDrops } from './reassembly.ts'

/** A count of zero for every reason. */
export function noDrops(): Record<IpDrop, number> {
  return {
    'too-short': 0,
    'bad-version': 0,
    'bad-header-length': 0,
    'bad-length': 0,
    'bad-checksum': 0,
    'bad-source': 0,
    'not-for-us': 0,
    ...noFragmentDrops(),
    'bad-segment-size': 0,
    'bad-extension': 0,
    'bad-discovery': 0,
    'unknown-protocol': 0,
    unresolved: 0,
  }
}
