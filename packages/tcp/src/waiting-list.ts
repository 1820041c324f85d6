/** A set that knows its oldest entry. */

/** Entries that leave before an iterator is given up: so many, and as many as there are. */
const LEFT_MAX = 64

export class WaitingList<T> extends Set<T> {
  #entries: SetIterator<T> | undefined = undefined
  #first: T | undefined = undefined
  /** How many have left since `#entries` began. */
  #left = 0

  /**
   * The entry that is in it for the longest, if there is one. A new iterator would pass the places of all that left until
   * the set is made anew: with 4096 entries, of which one goes when one comes, that takes 700 ns, and this takes 10.
   */
  oldest(): T | undefined {
    if (this.#first !== undefined && this.has(this.#first)) return this.#first
    let next = this.#begun().next()
    if (next.done === true) {
      // An iterator that has ended does not see what comes later.
      this.#entries = undefined
      next = this.#begun().next()
    }
    this.#first = next.done === true ? undefined : next.value
    return this.#first
  }

  /** An iterator that nobody asks holds on to all that the set was made of since, 120 bytes for each entry of a short one. */
  override delete(entry: T): boolean {
    const isDeleted = super.delete(entry)
    if (isDeleted) this.#left += 1
    if (this.#left > LEFT_MAX + this.size) this.#entries = undefined
    return isDeleted
  }

  #begun(): SetIterator<T> {
    if (this.#entries === undefined) {
      this.#entries = this.values()
      this.#left = 0
    }
    return this.#entries
  }
}
