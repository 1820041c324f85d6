/**
 * The connections of a stack by their ends: a hash table with chains through its entries, so that finding one
 * makes nothing and keeping one costs a pointer.
 */
import { type IpAddress, isIpv4 } from '@mirage/address/ip'
import type { Ends } from './tcb.ts'

export interface Entry {
  readonly ends: Ends
  /** The next in the same chain. Only the table uses it. */
  next: this | undefined
}

const BUCKETS_MIN = 64
/** Entries for each chain: who shares one is far away in memory, and is looked at in vain. */
const LOAD_MAX = 0.5

export class Table<T extends Entry> {
  count = 0
  #buckets: (T | undefined)[] = buckets(BUCKETS_MIN)
  #secret: number

  /** Peers choose most of what is hashed: `secret`, 32 bits, keeps them from choosing the chain as well. */
  constructor(secret: number) {
    this.#secret = secret | 1
  }

  find(localAddr: IpAddress, localPort: number, remoteAddr: IpAddress, remotePort: number): T | undefined {
    let entry = this.#buckets[this.#index(localAddr, localPort, remoteAddr, remotePort)]
    while (entry !== undefined) {
      const { ends } = entry
      if (
        ends.remotePort === remotePort &&
        ends.localPort === localPort &&
        ends.remoteAddr === remoteAddr &&
        ends.localAddr === localAddr
      )
        return entry
      entry = entry.next
    }
    return undefined
  }

  add(entry: T): void {
    if (this.count >= LOAD_MAX * this.#buckets.length) this.#grow()
    this.#link(entry)
    this.count += 1
  }

  /** Forgets `entry`, which is there. */
  remove(entry: T): void {
    const at = this.#indexOf(entry)
    const first = this.#buckets[at]
    if (first === entry) this.#buckets[at] = entry.next
    else {
      let before = first
      while (before !== undefined && before.next !== entry) before = before.next
      if (before === undefined) return
      before.next = entry.next
    }
    entry.next = undefined
    this.count -= 1
  }

  /** All of them, in no order, as they are now. */
  all(): T[] {
    const entries: T[] = []
    for (const first of this.#buckets) {
      for (let entry = first; entry !== undefined; entry = entry.next) entries.push(entry)
    }
    return entries
  }

  #link(entry: T): void {
    const at = this.#indexOf(entry)
    entry.next = this.#buckets[at]
    this.#buckets[at] = entry
  }

  #grow(): void {
    const entries = this.all()
    this.#buckets = buckets(2 * this.#buckets.length)
    for (const entry of entries) this.#link(entry)
  }

  #indexOf({ ends }: T): number {
    return this.#index(ends.localAddr, ends.localPort, ends.remoteAddr, ends.remotePort)
  }

  #index(localAddr: IpAddress, localPort: number, remoteAddr: IpAddress, remotePort: number): number {
    let hash = Math.imul(word(remoteAddr, this.#secret) ^ this.#secret, 0x9e37_79b1)
    hash = Math.imul((hash ^ (hash >>> 15) ^ ((remotePort << 16) | localPort)) + this.#secret, 0x85eb_ca77)
    hash = Math.imul(hash ^ (hash >>> 13) ^ word(localAddr, this.#secret), 0xc2b2_ae3d)
    return (hash ^ (hash >>> 16)) & (this.#buckets.length - 1)
  }
}

/** 32 bits of an address, all of its bits in them. */
function word(address: IpAddress, secret: number): number {
  if (isIpv4(address)) return address
  let hash = secret
  for (let i = 0; i < 8; i++) hash = Math.imul(hash ^ (hash >>> 15) ^ address.charCodeAt(i), 0x9e37_79b1)
  return hash
}

function buckets<T>(count: number): (T | undefined)[] {
  return Array.from({ length: count }, () => undefined)
}
