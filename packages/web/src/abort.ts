/** Controllers and signals that stop what takes long, DOM standard §3. */
import { DOMException } from './dom-exception.ts'
import { Event } from './event.ts'
import { EventTarget } from './event-target.ts'

const OURS = Symbol('ours')

/** Aborts a signal, once: its controller's part. */
let trip: (signal: AbortSignal, reason: unknown) => void

/** Tells that something is to stop, and why; at most once. */
export class AbortSignal extends EventTarget {
  /** Called after the listeners that came before it was set. */
  #onabort: ((event: Event) => unknown) | null = null
  #isAborted = false
  #reason: unknown
  /** The signals that abort with this one: they live as long as it does. */
  readonly #followers = new Set<AbortSignal>()

  /** Signals come from controllers. */
  constructor(key?: symbol) {
    if (key !== OURS) throw new TypeError('Illegal constructor')
    super()
  }

  /** A signal that has aborted. */
  static abort(reason?: unknown): AbortSignal {
    const signal = new AbortSignal(OURS)
    trip(signal, reason)
    return signal
  }

  /** A signal that aborts with the first of `signals` that does. */
  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const signal = new AbortSignal(OURS)
    const all = [...signals]
    const aborted = all.find((each) => each.aborted)
    if (aborted !== undefined) trip(signal, aborted.reason)
    else for (const each of all) each.#followers.add(signal)
    return signal
  }

  static {
    trip = (signal, reason) => {
      if (signal.#isAborted) return
      const why = reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason
      // Every signal has aborted before any listener learns of one.
      for (const each of signal.#mark(why)) each.dispatchEvent(new Event('abort'))
    }
  }

  get aborted(): boolean {
    return this.#isAborted
  }

  /** Why it aborted; nothing before. */
  get reason(): unknown {
    return this.#reason
  }

  throwIfAborted(): void {
    if (this.#isAborted) throw this.#reason
  }

  get onabort(): ((event: Event) => unknown) | null {
    return this.#onabort
  }

  set onabort(handler: ((event: Event) => unknown) | null) {
    if (this.#onabort === null) this.addEventListener('abort', this.#callHandler)
    this.#onabort = typeof handler === 'function' ? handler : null
    if (this.#onabort === null) this.removeEventListener('abort', this.#callHandler)
  }

  override get [Symbol.toStringTag](): string {
    return 'AbortSignal'
  }

  readonly #callHandler = (event: Event): unknown => this.#onabort?.call(this, event)

  /** This signal and all that follow it: they have aborted now. */
  #mark(reason: unknown): readonly AbortSignal[] {
    this.#isAborted = true
    this.#reason = reason
    const followers = [...this.#followers].filter(({ aborted }) => !aborted)
    this.#followers.clear()
    return [this, ...followers.flatMap((follower) => (follower.aborted ? [] : follower.#mark(reason)))]
  }
}

/** Whoever has it can abort its signal. */
export class AbortController {
  readonly signal: AbortSignal = new AbortSignal(OURS)

  /** Aborts the signal, once. Without a reason it is an `AbortError`. */
  abort(reason?: unknown): void {
    trip(this.signal, reason)
  }

  get [Symbol.toStringTag](): string {
    return 'AbortController'
  }
}
