/** What events happen to, as the DOM standard §2.7 has it where there is no document. */
import { type Event, isStopped } from './event.ts'

/** Is told of events: a function, or an object with one. */
export type Listener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown }

/** How to listen. */
export interface ListenerOptions {
  readonly capture?: boolean
  /** Forgotten after the first event. */
  readonly once?: boolean
  /** Forgotten when it aborts. */
  readonly signal?: { readonly aborted: boolean; addEventListener(type: 'abort', listener: Listener): void }
}

interface Registration {
  readonly type: string
  readonly listener: Listener
  readonly capture: boolean
  readonly once: boolean
  isRemoved: boolean
}

/** Has listeners, and calls them in the order in which they came. */
export class EventTarget {
  #registrations: readonly Registration[] = []

  /** A listener that listens already in the same way does not listen twice. */
  addEventListener(type: string, listener: Listener | null, options: boolean | ListenerOptions = {}): void {
    const {
      capture = false,
      once = false,
      signal,
    } = typeof options === 'boolean' ? { capture: options } : options
    if (listener === null || listener === undefined || signal?.aborted === true) return
    if (this.#find(type, listener, capture) !== undefined) return
    this.#registrations = [...this.#registrations, { type, listener, capture, once, isRemoved: false }]
    signal?.addEventListener('abort', () => this.removeEventListener(type, listener, { capture }))
  }

  removeEventListener(
    type: string,
    listener: Listener | null,
    options: boolean | { readonly capture?: boolean } = {},
  ): void {
    const { capture = false } = typeof options === 'boolean' ? { capture: options } : options
    const found = listener === null ? undefined : this.#find(type, listener, capture)
    if (found !== undefined) this.#remove(found)
  }

  /** Calls those who listen now; whether nobody prevented what follows. What a listener throws is thrown later. */
  dispatchEvent(event: Event): boolean {
    event.target = event.currentTarget = this
    for (const registration of this.#registrations) {
      if (registration.type !== event.type || registration.isRemoved) continue
      if (registration.once) this.#remove(registration)
      call(registration.listener, this, event)
      if (isStopped(event)) break
    }
    event.currentTarget = null
    return !event.defaultPrevented
  }

  get [Symbol.toStringTag](): string {
    return 'EventTarget'
  }

  #find(type: string, listener: Listener, capture: boolean): Registration | undefined {
    return this.#registrations.find(
      (each) => each.type === type && each.listener === listener && each.capture === capture,
    )
  }

  #remove(registration: Registration): void {
    registration.isRemoved = true
    this.#registrations = this.#registrations.filter((each) => each !== registration)
  }
}

/** One listener's exception is the program's, and does not keep the event from the others. */
function call(listener: Listener, target: EventTarget, event: Event): void {
  try {
    if (typeof listener === 'function') listener.call(target, event)
    else listener.handleEvent(event)
  } catch (error) {
    void Promise.resolve().then(() => {
      throw error
    })
  }
}
