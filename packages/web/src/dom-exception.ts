/** Errors with a name of the Web IDL standard, §4.3. */

/** Names by the number that they had before; a name without one has 0. */
const NAMES: readonly string[] =
  `- IndexSizeError - HierarchyRequestError WrongDocumentError InvalidCharacterError - NoModificationAllowedError
  NotFoundError NotSupportedError InUseAttributeError InvalidStateError SyntaxError InvalidModificationError
  NamespaceError InvalidAccessError - TypeMismatchError SecurityError NetworkError AbortError URLMismatchError
  QuotaExceededError TimeoutError InvalidNodeTypeError DataCloneError`.split(/\s+/)

/** An error that is told from others by its name: `AbortError`, `TimeoutError`, … */
export class DOMException extends Error {
  readonly #name: string

  constructor(
    message: unknown = '',
    options: string | { readonly name?: unknown; readonly cause?: unknown } = 'Error',
  ) {
    const { name = 'Error', ...rest } = typeof options === 'string' ? { name: options } : options
    super(String(message), rest)
    this.#name = String(name)
  }

  override get name(): string {
    return this.#name
  }

  get code(): number {
    return this.#name === '-' ? 0 : Math.max(NAMES.indexOf(this.#name), 0)
  }

  get [Symbol.toStringTag](): string {
    return 'DOMException'
  }
}
