/** Congestion avoidance of RFC 5681: a segment more in a round trip, and half after a loss. */
import type { Algorithm, Congestion } from './congestion.ts'

export const reno: Algorithm = { name: 'reno', grow, reduced }

function grow(congestion: Congestion, mss: number, count: number): void {
  congestion.counted += count
  if (congestion.counted < congestion.cwnd) return
  congestion.counted -= congestion.cwnd
  congestion.cwnd += mss
}

function reduced({ cwnd }: Congestion, mss: number): number {
  return Math.max(cwnd >> 1, 2 * mss)
}
