/** `EventTarget`, `AbortSignal`, `DOMException`. */
import type { Case } from '../case.ts'

/** See `CASES`. */
export const EVENTS: readonly Case[] = [
  {
    title: 'listeners are called in order, each once however often it was added',
    run: ({ EventTarget, Event }) => {
      const [target, calls] = [new EventTarget(), [] as unknown[]]
      const one = (event: Event): unknown => calls.push([event.type, event.target === target])
      target.addEventListener('a', one)
      target.addEventListener('a', one)
      target.addEventListener('a', { handleEvent: () => calls.push('object') })
      target.addEventListener('b', () => calls.push('never'))
      return [target.dispatchEvent(new Event('a')), calls]
    },
    gives: [true, [['a', true], 'object']],
  },
  {
    title: 'listeners go: after the first event, by a signal, by hand, even meanwhile',
    run: ({ EventTarget, Event, AbortController, AbortSignal }) => {
      const [target, calls, controller] = [new EventTarget(), [] as string[], new AbortController()]
      const late = (): unknown => calls.push('late')
      target.addEventListener('a', () => calls.push('once'), { once: true })
      target.addEventListener('a', () => calls.push('signal'), { signal: controller.signal })
      target.addEventListener('a', () => target.removeEventListener('a', late))
      target.addEventListener('a', late)
      target.dispatchEvent(new Event('a'))
      target.addEventListener('a', () => calls.push('never'), { signal: AbortSignal.abort() })
      controller.abort()
      target.dispatchEvent(new Event('a'))
      return calls
    },
    gives: ['once', 'signal'],
  },
  {
    title: 'an event is prevented if it can be, and stopped',
    run: ({ EventTarget, Event }) => {
      const [target, calls] = [new EventTarget(), [] as string[]]
      target.addEventListener('a', (event) => {
        event.preventDefault()
        event.stopImmediatePropagation()
      })
      target.addEventListener('a', () => calls.push('never'))
      const event = new Event('a', { cancelable: true })
      return [
        target.dispatchEvent(event),
        event.defaultPrevented,
        target.dispatchEvent(new Event('a')),
        calls,
      ]
    },
    gives: [false, true, true, []],
  },
  {
    title: 'a signal aborts once, and tells whoever asks',
    run: ({ AbortController }) => {
      const { signal } = new AbortController()
      const other = new AbortController()
      const calls: string[] = []
      // oxlint-disable-next-line prefer-add-event-listener -- it is what the case is about
      other.signal.onabort = (): unknown => calls.push('on')
      other.signal.addEventListener('abort', ({ type }) => calls.push(type))
      other.abort()
      other.abort('later')
      const { name, code } = other.signal.reason as DOMException
      return [signal.aborted, signal.reason, calls, name, code]
    },
    gives: [false, null, ['on', 'abort'], 'AbortError', 20],
  },
  {
    title: 'any of several signals aborts the one that follows them',
    run: ({ AbortController, AbortSignal }) => {
      const [a, b] = [new AbortController(), new AbortController()]
      const [any, aborted] = [
        AbortSignal.any([a.signal, b.signal]),
        AbortSignal.any([a.signal, AbortSignal.abort(1)]),
      ]
      const seen: boolean[] = []
      b.signal.addEventListener('abort', () => seen.push(any.aborted))
      b.abort(2)
      return [seen, any.reason as unknown, aborted.reason as unknown]
    },
    gives: [[true], 2, 1],
  },
  {
    title: 'an aborted signal throws its reason',
    run: ({ AbortSignal }) => AbortSignal.abort().throwIfAborted(),
    gives: 'throws AbortError',
  },
  {
    title: 'a signal comes from a controller',
    run: ({ AbortSignal }) => new AbortSignal(),
    gives: 'throws TypeError',
  },
  {
    title: 'an exception of the DOM is an error with a name and a number',
    run: ({ DOMException }) => {
      const { name, code, message } = new DOMException('m', 'TimeoutError')
      return [
        name,
        code,
        message,
        new DOMException().name,
        new DOMException('', 'x').code,
        new DOMException() instanceof Error,
      ]
    },
    gives: ['TimeoutError', 23, 'm', 'Error', 0, true],
  },
]
