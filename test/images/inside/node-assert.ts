/** As much of `node:assert/strict` as the contract suites use, for an engine without Node. */

function fail(message = 'it fails'): never {
  throw new Error(message)
}

function ok(value: unknown, message = `${String(value)} is not true`): asserts value {
  if (!value) fail(message)
}

function equal(actual: unknown, expected: unknown, message = ''): void {
  if (!Object.is(actual, expected)) fail(`${message} ${text(actual)} is not ${text(expected)}`)
}

function notEqual(actual: unknown, other: unknown): void {
  if (Object.is(actual, other)) fail(`it is ${text(actual)}`)
}

function deepEqual(actual: unknown, expected: unknown, message = ''): void {
  if (!isSame(actual, expected)) fail(`${message} ${text(actual)} is not ${text(expected)}`)
}

function throws(run: () => unknown, expected?: RegExp | string): void {
  try {
    run()
  } catch (error) {
    if (expected instanceof RegExp) ok(expected.test(String(error)), `it threw ${String(error)}`)
    return
  }
  fail('it did not throw')
}

async function rejects(promise: Promise<unknown>, message?: string): Promise<void> {
  const isRejected = await promise.then(
    () => false,
    () => true,
  )
  ok(isRejected, message ?? 'it did not reject')
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  const [keys, others] = [Object.keys(a), Object.keys(b)]
  const field = (of: object, key: string): unknown => (of as Record<string, unknown>)[key]
  return (
    keys.length === others.length && keys.every((key) => key in b && isSame(field(a, key), field(b, key)))
  )
}

function text(value: unknown): string {
  if (value instanceof Uint8Array) return `[${value.join()}]`.slice(0, 200)
  return (JSON.stringify(value) ?? 'nothing').slice(0, 200)
}

export default Object.assign(ok, { ok, equal, notEqual, deepEqual, throws, rejects, fail })
