/**
 * A connection to the first of several addresses that answers: RFC 8305, "happy eyeballs".
 *
 * The addresses are tried one after the other, a quarter of a second apart, or at once where the one before failed.
 * The first connection that is established wins, and those that come after it are aborted.
 *
 * Not here: asking name servers for addresses (§3), and taking back a SYN: an attempt that lost is aborted when it is
 * answered, and is forgotten by TCP when it is not.
 */
import { type IpAddress, isIpv4 } from '@mirage/address/ip'
import type { Cancel, Clock, Millis } from '@mirage/clock'
import { type Result, err } from '@mirage/result'
import type { ConnectError, Tcp, TcpFlow, TcpOptions } from './tcp.ts'

/** Between two attempts: RFC 8305 §8. */
export const ATTEMPT_DELAY: Millis = 250
/** Addresses that are tried; those behind them are not. */
export const ADDRESSES_MAX = 16

/** What it is made on. */
export interface Needs {
  readonly tcp: Tcp
  readonly clock: Clock
}

/** What may be different. */
export interface Options extends TcpOptions {
  /** Between two attempts; 250 ms unless told. RFC 8305 §5 wants 10 ms to 2 s. */
  readonly attemptDelay?: Millis
}

/**
 * The addresses in the order in which they are tried: one of each family in turns, the family of the first one first,
 * and within a family as they were given (RFC 8305 §4).
 */
export function interleave(addresses: readonly IpAddress[]): readonly IpAddress[] {
  const [first] = addresses
  if (first === undefined) return []
  const isLikeFirst = (address: IpAddress): boolean => isIpv4(address) === isIpv4(first)
  const left = addresses.filter(isLikeFirst)
  const right = addresses.filter((address) => !isLikeFirst(address))
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => [left[i], right[i]])
    .flat()
    .filter((address) => address !== undefined)
    .slice(0, ADDRESSES_MAX)
}

/**
 * A connection to `port` of one of `addresses`, in the order of preference. It fails when all attempts have, with the
 * error of the last one; without addresses there is `no-route`.
 */
export function connectAny(
  needs: Needs,
  addresses: readonly IpAddress[],
  port: number,
  options: Options = {},
): Promise<Result<TcpFlow, ConnectError>> {
  return new Promise((resolve) => {
    new Race(needs, interleave(addresses), port, options, resolve).next()
  })
}

class Race {
  readonly #needs: Needs
  readonly #left: IpAddress[]
  readonly #port: number
  readonly #options: Options
  readonly #resolve: (result: Result<TcpFlow, ConnectError>) => void
  #pending = 0
  #isOver = false
  #cancel: Cancel = () => {}

  constructor(
    needs: Needs,
    addresses: readonly IpAddress[],
    port: number,
    options: Options,
    resolve: (result: Result<TcpFlow, ConnectError>) => void,
  ) {
    this.#needs = needs
    this.#left = addresses.slice()
    this.#port = port
    this.#options = options
    this.#resolve = resolve
  }

  /** Tries the next address, if there is one and nobody has won. */
  next(last: ConnectError = 'no-route'): void {
    if (this.#isOver) return
    this.#cancel()
    const address = this.#left.shift()
    if (address !== undefined) this.#attempt(address)
    else if (this.#pending === 0) this.#end(err(last))
  }

  #attempt(address: IpAddress): void {
    const { tcp, clock } = this.#needs
    const { attemptDelay = ATTEMPT_DELAY, ...options } = this.#options
    this.#pending += 1
    if (this.#left.length > 0) this.#cancel = clock.at(clock.now() + attemptDelay, () => this.next())
    void tcp.connect({ address, port: this.#port }, options).then((result) => this.#answered(result))
  }

  #answered(result: Result<TcpFlow, ConnectError>): void {
    this.#pending -= 1
    if (!result.ok) this.next(result.error)
    else if (this.#isOver) result.value.abort()
    else this.#end(result)
  }

  #end(result: Result<TcpFlow, ConnectError>): void {
    this.#isOver = true
    this.#cancel()
    this.#resolve(result)
  }
}
