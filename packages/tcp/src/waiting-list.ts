/** A set that knows its oldest entry. */

export class WaitingList<T> extends Set<T> {
  #entries: SetIterator<T> = this.values()
  #first: T | undefined = undefined

  /**
   * The entry that is in it for the longest, if there is one. A new iterator would pass the places of all that left until
   * the set is made anew: with 4096 entries, of which one goes when one comes, that takes 700 ns, and this takes 10.
   */
  oldest(): T | undefined {
    if (this.#first !== undefined && this.has(this.#first)) return this.#first
    let next = this.#entries.next()
    if (next.done === true) {
      // An iterator that has ended does not see what comes later.
      this.#entries = this.values()
      next = this.#entries.next()
    }
    this.#first = next.done === true ? undefined : next.value
    return this.#first
  }
}
