/** What is known of a series of echoes: how many came back, and how long they took. */
import type { Millis } from '@mirage/clock'

export class Statistics {
  sent = 0
  received = 0
  duplicates = 0
  errors = 0
  #least: Millis = Number.POSITIVE_INFINITY
  #most: Millis = 0
  #sum = 0
  #sumOfSquares = 0

  /** An answer came `elapsed` after its request. */
  answered(elapsed: Millis): void {
    this.received += 1
    this.#least = Math.min(this.#least, elapsed)
    this.#most = Math.max(this.#most, elapsed)
    this.#sum += elapsed
    this.#sumOfSquares += elapsed * elapsed
  }

  /** How many there were, in words. */
  counts(): string {
    const lost = this.sent === 0 ? 0 : ((this.sent - this.received) / this.sent) * 100
    const also = [
      ...(this.duplicates > 0 ? [`${this.duplicates} twice`] : []),
      ...(this.errors > 0 ? [`${this.errors} errors`] : []),
    ]
    const share = `${Number(lost.toPrecision(4))}% lost`
    return [`${this.sent} sent`, `${this.received} received`, ...also, share].join(', ')
  }

  /** The shortest, mean and longest time, and how far from the mean they are: the root of the mean of squares. */
  times(): string | undefined {
    if (this.received === 0) return undefined
    const mean = this.#sum / this.received
    const deviation = Math.sqrt(Math.max(0, this.#sumOfSquares / this.received - mean * mean))
    const times = [this.#least, mean, this.#most, deviation].map((time) => time.toFixed(3))
    return `round trip min/avg/max/mdev = ${times.join('/')} ms`
  }
}
