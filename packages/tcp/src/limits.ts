/** What is the same for all connections to hosts that are as far away: they share it, so that an idle one is small. */
import type { IpAddress } from '@mirage/address/ip'
import type { Ip } from '@mirage/ip'
import { HEADER_SIZE } from './segment.ts'
import type { Limits } from './tcb.ts'

export class SharedLimits {
  readonly #ip: Ip
  readonly #common: Omit<Limits, 'mss'>
  /** By maximum segment size: there are few. */
  readonly #all: Map<number, Limits> = new Map()

  /** `common` is the same for all hosts. */
  constructor(ip: Ip, common: Omit<Limits, 'mss'>) {
    this.#ip = ip
    this.#common = common
  }

  /** The largest text of a segment to `remote` that the path is known to carry. */
  mssTo(remote: IpAddress): number {
    return this.#ip.mtu(remote) - HEADER_SIZE
  }

  /** Those of connections to `remote`. */
  to(remote: IpAddress): Limits {
    const mss = this.mssTo(remote)
    const found = this.#all.get(mss)
    if (found !== undefined) return found
    const limits = { mss, ...this.#common }
    this.#all.set(mss, limits)
    return limits
  }
}
