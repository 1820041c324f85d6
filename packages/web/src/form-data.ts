/** The fields of a form, XMLHttpRequest standard §5. */
import { Blob, File, contentOf } from './blob.ts'

/** A text, or a file that goes with the form. */
export type FormValue = string | File

/** Fields by name, in order; a name may come more than once. */
export class FormData {
  #entries: [name: string, value: FormValue][] = []

  append(name: unknown, value: string | Blob, fileName?: string): void {
    this.#entries.push([String(name), valueOf(value, fileName)])
  }

  /** In the place of the first of the name, and instead of all of them. */
  set(name: unknown, value: string | Blob, fileName?: string): void {
    const index = this.#entries.findIndex(([each]) => each === name)
    if (index < 0) return this.append(name, value, fileName)
    this.#entries[index] = [String(name), valueOf(value, fileName)]
    this.#entries = this.#entries.filter(([each], at) => at <= index || each !== name)
  }

  delete(name: string): void {
    this.#entries = this.#entries.filter(([each]) => each !== name)
  }

  get(name: string): FormValue | null {
    return this.#entries.find(([each]) => each === name)?.[1] ?? null
  }

  getAll(name: string): FormValue[] {
    return this.#entries.flatMap(([each, value]) => (each === name ? [value] : []))
  }

  has(name: string): boolean {
    return this.#entries.some(([each]) => each === name)
  }

  forEach(each: (value: FormValue, name: string, form: FormData) => void, self?: unknown): void {
    for (const [name, value] of this) each.call(self, value, name, this)
  }

  *entries(): IterableIterator<[name: string, value: FormValue]> {
    for (let index = 0; index < this.#entries.length; index++) yield [...this.#entries[index]!]
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.entries()) yield name
  }

  *values(): IterableIterator<FormValue> {
    for (const [, value] of this.entries()) yield value
  }

  [Symbol.iterator](): IterableIterator<[name: string, value: FormValue]> {
    return this.entries()
  }

  get [Symbol.toStringTag](): string {
    return 'FormData'
  }
}

function valueOf(value: unknown, fileName: string | undefined): FormValue {
  if (value instanceof File && fileName === undefined) return value
  if (value instanceof Blob) return new File([contentOf(value)], fileName ?? 'blob', { type: value.type })
  return String(value)
}
