/** The control connection of a measurement, of either end: what arrives, and what that asks for. It never waits. */
import { getU32 } from '@mirage/bytes'
import { concat } from '@mirage/bytes'
import * as protocol from './protocol.ts'
import type { Parameters, StreamResult } from './protocol.ts'

/** What is to be done now, in this order. */
export type Action =
  | { readonly kind: 'send'; readonly bytes: Uint8Array }
  /** The streams are to be opened, or to be awaited. */
  | { readonly kind: 'streams'; readonly parameters: Parameters }
  | { readonly kind: 'run' }
  /** Nothing more is to be sent; what was counted is to be told with `answer`. */
  | { readonly kind: 'collect' }
  /** What the other end has counted. */
  | { readonly kind: 'results'; readonly results: readonly StreamResult[] }
  /** The test is over, in order. */
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly reason: Failure }

/** Why a test came to nothing. */
export type Failure =
  | 'the server is busy with another client'
  | 'the other end has ended the test'
  | 'the server reports an error'
  | 'the parameters make no sense'
  | 'the results make no sense'
  | 'the other end does not speak the protocol'

type Phase = 'parameters' | 'streams' | 'running' | 'collecting' | 'results' | 'last' | 'over'

/** One control connection. `input` takes bytes as they come, in pieces of any size. */
export class Control {
  #role: 'client' | 'server'
  #phase: Phase = 'parameters'
  #parameters: Parameters | undefined
  /** What arrived and is not whole yet: at most one JSON and its length. */
  #pending: Uint8Array = new Uint8Array(0)

  private constructor(role: 'client' | 'server', parameters?: Parameters) {
    this.#role = role
    this.#parameters = parameters
  }

  /** The client's end: its cookie was sent. */
  static client(parameters: Parameters): Control {
    return new Control('client', parameters)
  }

  /** The server's end, once a cookie has arrived; and what to send. */
  static server(): readonly [Control, readonly Action[]] {
    return [new Control('server'), [state(protocol.PARAM_EXCHANGE)]]
  }

  get isOver(): boolean {
    return this.#phase === 'over'
  }

  /** Of the server: every stream is there. */
  streamsOpened(): readonly Action[] {
    if (this.#phase !== 'streams') return []
    this.#phase = 'running'
    return [state(protocol.TEST_START), state(protocol.TEST_RUNNING), { kind: 'run' }]
  }

  /** Of the client: the test has lasted as long as it should. */
  end(): readonly Action[] {
    return this.#phase === 'running' ? [state(protocol.TEST_END)] : []
  }

  /** What this end has counted, when it was asked to collect. */
  answer(results: readonly StreamResult[], isSender: boolean): readonly Action[] {
    if (this.#phase !== 'collecting') return []
    const send: Action = { kind: 'send', bytes: protocol.emitResults(results, isSender) }
    this.#phase = this.#role === 'client' ? 'results' : 'last'
    return this.#role === 'client' ? [send] : [send, state(protocol.DISPLAY_RESULTS)]
  }

  input(bytes: Uint8Array): readonly Action[] {
    this.#pending = this.#pending.length === 0 ? bytes : concat([this.#pending, bytes])
    const actions: Action[] = []
    while (this.#pending.length > 0 && !this.isOver) {
      const more = this.#expectsJson ? this.#json() : this.#state()
      if (more === undefined) break
      actions.push(...more)
    }
    // What is lent to us is not ours to keep, and a peer that says more than there is to say is not listened to.
    this.#pending = this.isOver ? new Uint8Array(0) : this.#pending.slice()
    return actions
  }

  get #expectsJson(): boolean {
    if (this.#role === 'client') return this.#phase === 'results'
    return this.#phase === 'parameters' || this.#phase === 'results'
  }

  #json(): readonly Action[] | undefined {
    if (this.#pending.length < 4) return undefined
    const length = getU32(this.#pending, 0)
    if (length > protocol.JSON_SIZE_MAX) return this.#fail('the other end does not speak the protocol')
    if (this.#pending.length < 4 + length) return undefined
    const json = this.#pending.subarray(4, 4 + length)
    this.#pending = this.#pending.subarray(4 + length)
    return this.#phase === 'parameters' ? this.#takeParameters(json) : this.#takeResults(json)
  }

  #takeParameters(json: Uint8Array): readonly Action[] {
    const parameters = protocol.parseParameters(json)
    if (!parameters.ok) {
      const report = Uint8Array.of(protocol.SERVER_ERROR, 0, 0, 0, protocol.NOT_IMPLEMENTED, 0, 0, 0, 0)
      return [{ kind: 'send', bytes: report }, ...this.#fail('the parameters make no sense')]
    }
    this.#phase = 'streams'
    return [state(protocol.CREATE_STREAMS), { kind: 'streams', parameters: parameters.value }]
  }

  #takeResults(json: Uint8Array): readonly Action[] {
    const results = protocol.parseResults(json)
    if (!results.ok) return this.#fail('the results make no sense')
    const told: Action = { kind: 'results', results: results.value }
    // A server answers with its own; a client has sent them before.
    this.#phase = this.#role === 'server' ? 'collecting' : 'last'
    return this.#role === 'server' ? [told, { kind: 'collect' }] : [told]
  }

  #state(): readonly Action[] | undefined {
    const next = this.#pending[0]!
    if (next === protocol.SERVER_ERROR && this.#role === 'client' && this.#pending.length < 9)
      return undefined
    this.#pending = this.#pending.subarray(1)
    return this.#role === 'client' ? this.#clientState(next) : this.#serverState(next)
  }

  #serverState(next: number): readonly Action[] {
    if (next === protocol.CLIENT_TERMINATE) return this.#fail('the other end has ended the test')
    if (next === protocol.TEST_END && this.#phase === 'running') {
      this.#phase = 'results'
      return [{ kind: 'send', bytes: Uint8Array.of(protocol.EXCHANGE_RESULTS) }]
    }
    if (next === protocol.IPERF_DONE && this.#phase === 'last') return this.#finish()
    return this.#fail('the other end does not speak the protocol')
  }

  #clientState(next: number): readonly Action[] {
    if (next === protocol.ACCESS_DENIED) return this.#fail('the server is busy with another client')
    if (next === protocol.SERVER_ERROR) return this.#fail('the server reports an error')
    if (next === protocol.SERVER_TERMINATE) return this.#fail('the other end has ended the test')
    if (this.#phase === 'parameters' && this.#parameters !== undefined) {
      if (next === protocol.PARAM_EXCHANGE) {
        return [{ kind: 'send', bytes: protocol.emitParameters(this.#parameters) }]
      }
      if (next === protocol.CREATE_STREAMS) {
        this.#phase = 'streams'
        return [{ kind: 'streams', parameters: this.#parameters }]
      }
    }
    if (this.#phase === 'streams' && next === protocol.TEST_START) return []
    if (this.#phase === 'streams' && next === protocol.TEST_RUNNING) {
      this.#phase = 'running'
      return [{ kind: 'run' }]
    }
    if (this.#phase === 'running' && next === protocol.EXCHANGE_RESULTS) {
      this.#phase = 'collecting'
      return [{ kind: 'collect' }]
    }
    if (this.#phase === 'last' && next === protocol.DISPLAY_RESULTS) {
      return [state(protocol.IPERF_DONE), ...this.#finish()]
    }
    return this.#fail('the other end does not speak the protocol')
  }

  #finish(): readonly Action[] {
    this.#phase = 'over'
    return [{ kind: 'finished' }]
  }

  #fail(reason: Failure): readonly Action[] {
    this.#phase = 'over'
    return [{ kind: 'failed', reason }]
  }
}

function state(value: number): Action {
  return { kind: 'send', bytes: Uint8Array.of(value) }
}
