/** Events, as the DOM standard §2.2 has them where there is no document: nothing captures, nothing bubbles. */

/** How an event begins. */
export interface EventInit {
  readonly bubbles?: boolean
  readonly cancelable?: boolean
  readonly composed?: boolean
}

/** Whether a listener kept the event from those behind it. */
export let isStopped: (event: Event) => boolean

/** Something that happened, on its way to those who listen. */
export class Event {
  readonly type: string
  readonly bubbles: boolean
  readonly cancelable: boolean
  readonly composed: boolean
  /** Whom it happened to, once it was dispatched. */
  target: object | null = null
  /** Whose listeners are being called. */
  currentTarget: object | null = null
  #isPrevented = false
  #isStopped = false

  constructor(type: unknown, { bubbles = false, cancelable = false, composed = false }: EventInit = {}) {
    this.type = String(type)
    this.bubbles = bubbles
    this.cancelable = cancelable
    this.composed = composed
  }

  /** Whether a listener asked for nothing more to follow from it. */
  get defaultPrevented(): boolean {
    return this.#isPrevented
  }

  preventDefault(): void {
    if (this.cancelable) this.#isPrevented = true
  }

  /** There is nowhere to go on to. */
  stopPropagation(): void {}

  stopImmediatePropagation(): void {
    this.#isStopped = true
  }

  get [Symbol.toStringTag](): string {
    return 'Event'
  }

  static {
    isStopped = (event) => event.#isStopped
  }
}
