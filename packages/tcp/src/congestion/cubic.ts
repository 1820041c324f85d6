/**
 * CUBIC, RFC 9438: after a loss the window returns quickly to near where that was, stays there, and then looks further.
 *
 *     window           |                    /
 *      W_max - - - - - |- - - - ___-----‾‾‾ - -
 *                      |    /‾
 *      0.7 W_max  ‾‾\__|__/
 *                  loss     time, and not round trips, says how far along the curve
 */
import { type Micros } from '../round-trip.ts'
import { distance } from '../sequence.ts'
import type { Algorithm, Congestion, Epoch } from './congestion.ts'

export const cubic: Algorithm = { name: 'cubic', grow, reduced }

/** RFC 9438 §4.1, §5. */
const C = 0.4
/** What a loss leaves: §4.6. */
const BETA = 0.7
/** What Reno would have to add to be as fast with such a `BETA`: §4.3. */
const ALPHA: number = (3 * (1 - BETA)) / (1 + BETA)
/** The window grows by half in a round trip, at most: §4.2. */
const GROWTH_MAX = 1.5

/** §4.2 to §4.5. */
function grow(congestion: Congestion, mss: number, count: number, srtt: Micros, at: Micros): void {
  const epoch = running(congestion, mss, at)
  const cwnd = congestion.cwnd / mss
  const acked = count / mss
  const t = distance(epoch.startedAt, at) / 1e6
  const target = curve(epoch, t + Math.max(srtt, 0) / 1e6)
  epoch.wEst += ((epoch.wEst < epoch.wMax ? ALPHA : 1) * acked) / cwnd
  if (curve(epoch, t) < epoch.wEst) congestion.counted += Math.max(epoch.wEst - cwnd, 0) * mss
  else congestion.counted += ((Math.min(Math.max(target, cwnd), GROWTH_MAX * cwnd) - cwnd) / cwnd) * count
  // Whole segments only, so that the window stays a small integer.
  if (congestion.counted < mss) return
  const whole = Math.floor(congestion.counted / mss)
  congestion.counted -= whole * mss
  congestion.cwnd += whole * mss
}

/** W_cubic(t), in segments. */
function curve({ k, wMax }: Epoch, t: number): number {
  return C * (t - k) ** 3 + wMax
}

/** The epoch, which begins with the first growth after a loss. */
function running(congestion: Congestion, mss: number, at: Micros): Epoch {
  const cwnd = congestion.cwnd / mss
  const epoch = (congestion.epoch ??= { wMax: cwnd, isRunning: false, startedAt: at, k: 0, wEst: cwnd })
  // The clock goes round every 71 minutes; an epoch of half of that begins again.
  if (epoch.isRunning && distance(epoch.startedAt, at) >= 0) return epoch
  epoch.isRunning = true
  epoch.startedAt = at
  epoch.wMax = Math.max(epoch.wMax, cwnd)
  epoch.k = Math.cbrt((epoch.wMax - cwnd) / C)
  epoch.wEst = cwnd
  return epoch
}

/** §4.6, and fast convergence, §4.7: who loses below its last maximum leaves room for others. */
function reduced(congestion: Congestion, mss: number): number {
  const w = congestion.cwnd / mss
  const wMax = congestion.epoch !== undefined && w < congestion.epoch.wMax ? (w * (1 + BETA)) / 2 : w
  congestion.epoch = { wMax, isRunning: false, startedAt: 0, k: 0, wEst: w }
  return Math.max(Math.floor(congestion.cwnd * BETA), 2 * mss)
}
