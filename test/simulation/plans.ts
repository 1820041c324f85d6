/** What the seeds are run with: the bad day that everything must survive, and links drawn from the seed. */
import { type Random, below } from '@mirage/random'
import { stream } from '@mirage/simulation/stream'
import type { Faults } from '@mirage/vnetif/faults'
import { BAD_DAY } from '@mirage/vnetif/plans'
import type { Plan } from './exchange.ts'

/** Five megabytes each way through 1 % loss, 5 % reordering, 2 % duplication and 20 ms jitter. */
export function badDay(seed: number): Plan {
  return { seed, length: 5_000_000, faults: BAD_DAY, mtu: 1500 }
}

/**
 * A link of which the seed draws every property, most of them harmless most of the time: what fails where several
 * faults meet fails here. None is so bad that a connection may be given up.
 */
export function drawn(seed: number): Plan {
  const random = stream(seed, 'plan')
  const one = <T>(...choices: readonly T[]): T => choices[below(random, choices.length)]!
  const loss = one(0, 0, 0.001, 0.01, 0.03, 0.1)
  const faults: Faults = {
    loss,
    lossSizeMax: one(Infinity, Infinity, 100),
    duplicate: one(0, 0, 0.02, 0.3, 1),
    reorder: one(0, 0, 0.05, 0.5),
    reorderBy: one(0.1, 5, 50),
    latency: one(0, 1, 20, 300),
    jitter: one(0, 0, 1, 20),
    bandwidth: one(1e12, 1e12, 1e9, 1e7, 1e6),
    backlog: one(10, 100, 1000),
    trailing: one(0, 0, 10),
    cuts: cuts(random, one(0, 0, 0, 1, 5)),
  }
  return { seed, length: one(1, 1000, 100_000, 1_000_000), faults, mtu: one(1500, 1500, 576, 9000) }
}

/** `count` times within the first ten seconds that nothing arrives for up to two seconds. */
function cuts(random: Random, count: number): NonNullable<Faults['cuts']> {
  return Array.from({ length: count }, () => {
    const from = below(random, 10_000)
    return { from, until: from + below(random, 2000) }
  })
}
