/** Fields of a message, Fetch standard §5.1. */

/** What headers are made from. */
export type HeadersInit = Iterable<Iterable<string>> | Readonly<Record<string, string>>

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** HTTP's white space at either end, which does not belong to a value. */
const AROUND = /^[\t\n\r ]+|[\t\n\r ]+$/g

/** From now on changing `headers` throws: for responses that the standard makes itself. */
export let freeze: (headers: Headers) => Headers
/** Whether `freeze` was called. */
export let isFrozen: (headers: Headers) => boolean

/** Fields by name, whose case does not matter. Values of one name are one value, but for cookies that are set. */
export class Headers {
  /** By lower-case name. */
  readonly #values = new Map<string, string[]>()
  #sorted: readonly [name: string, value: string][] | undefined
  #isFrozen = false

  constructor(init?: HeadersInit) {
    if (init === undefined) return
    if ((typeof init !== 'object' && typeof init !== 'function') || init === null)
      throw new TypeError('headers are made of pairs or of an object')
    for (const [name, value] of pairsOf(init)) this.append(name, value)
  }

  static {
    freeze = (headers) => {
      headers.#isFrozen = true
      return headers
    }
    isFrozen = (headers) => headers.#isFrozen
  }

  append(name: string, value: string): void {
    const [key, clean] = [keyOf(name), valueOf(value)]
    this.#change()
    const values = this.#values.get(key)
    if (values === undefined) this.#values.set(key, [clean])
    else values.push(clean)
  }

  set(name: string, value: string): void {
    const [key, clean] = [keyOf(name), valueOf(value)]
    this.#change()
    this.#values.set(key, [clean])
  }

  delete(name: string): void {
    const key = keyOf(name)
    this.#change()
    this.#values.delete(key)
  }

  /** All values of the name, as one; `null` if there is none. */
  get(name: string): string | null {
    return this.#values.get(keyOf(name))?.join(', ') ?? null
  }

  has(name: string): boolean {
    return this.#values.has(keyOf(name))
  }

  /** The value of every `Set-Cookie`: the one field whose values cannot be joined. */
  getSetCookie(): string[] {
    return [...(this.#values.get('set-cookie') ?? [])]
  }

  forEach(each: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    for (const [name, value] of this) each.call(self, value, name, this)
  }

  *entries(): IterableIterator<[name: string, value: string]> {
    // Whoever changes fields while iterating meets them as they are then.
    for (let index = 0; index < this.#list().length; index++) yield [...this.#list()[index]!]
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.entries()) yield name
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.entries()) yield value
  }

  [Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    return this.entries()
  }

  get [Symbol.toStringTag](): string {
    return 'Headers'
  }

  #change(): void {
    if (this.#isFrozen) throw new TypeError('these headers are immutable')
    this.#sorted = undefined
  }

  /** In the order of their names. */
  #list(): readonly [name: string, value: string][] {
    this.#sorted ??= [...this.#values.keys()].sort().flatMap((name): [string, string][] => {
      const values = this.#values.get(name)!
      return name === 'set-cookie' ? values.map((value) => [name, value]) : [[name, values.join(', ')]]
    })
    return this.#sorted
  }
}

function pairsOf(init: HeadersInit): Iterable<readonly [string, string]> {
  if (!(Symbol.iterator in init)) return Object.entries(init)
  return Array.from(init as Iterable<Iterable<string>>, (pair) => {
    const [name, value, ...more] = typeof pair === 'object' ? pair : []
    if (name === undefined || value === undefined || more.length > 0)
      throw new TypeError('a pair of headers is a name and a value')
    return [name, value] as const
  })
}

function keyOf(name: unknown): string {
  const text = String(name)
  if (!TOKEN.test(text)) throw new TypeError(`${JSON.stringify(text)} is no name of a header`)
  return text.toLowerCase()
}

function valueOf(value: unknown): string {
  const text = String(value).replace(AROUND, '')
  // A value is bytes, one for each unit, without an end of line.
  // oxlint-disable-next-line no-control-regex
  if (/[\0\r\n]|[^\0-\xff]/.test(text)) throw new TypeError(`${JSON.stringify(text)} is no value of a header`)
  return text
}
