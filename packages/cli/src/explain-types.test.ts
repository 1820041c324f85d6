/** The compiler's words in the words of `config.ts`. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { explain } from './explain-types.ts'

/** A place in a text is marked with `|`. */
function explained(code: string, message: string, marked: string): string {
  const before = marked.slice(0, marked.indexOf('|')).split('\n')
  return explain(code, message, marked.replace('|', ''), {
    line: before.length,
    column: before.at(-1)!.length + 1,
  })
}

const CONFIG = "export default unikernel<typeof import('./unikernel.ts')>({\n  name: 'a',\n"

describe('a type error in the wiring', () => {
  it('names a missing device, and its type', () => {
    const message =
      "Property 'files' is missing in type '{ clock: Device<Clock>; }' but required in type '{ readonly clock: Device<Clock>; readonly files: Device<KvReader>; }'."
    const told = explained('TS2741', message, `${CONFIG}  |devices: { clock: clock() },\n})`)
    assert.equal(told, 'devices.files is missing: a Device<KvReader> is wanted')
  })

  it('names several, as far as the compiler does', () => {
    const message =
      "Type '{}' is missing the following properties from type '{ readonly a: Device<A>; }': a, b, c, and 2 more."
    const told = explained('TS2740', message, `${CONFIG}  |devices: {},\n})`)
    assert.equal(
      told,
      'devices.a is missing: a Device<A> is wanted; devices.b is missing; devices.c is missing',
    )
  })

  it('says what a device is and what it should be', () => {
    const message = "Type 'Choice<Net>' is not assignable to type 'Device<KvReader>'."
    const told = explained(
      'TS2322',
      message,
      `${CONFIG}  devices: { a: f({ x: 1 }), |'files': network() },\n})`,
    )
    assert.equal(told, 'devices.files: this is a Device<Net>, but a Device<KvReader> is wanted')
  })

  it('finds the needs of a device inside a call', () => {
    const message = "Object literal may only specify known properties, and 'net' does not exist in type '{}'."
    const marked = `${CONFIG}  devices: { led: device({ needs: { clock: clock(), |net: network() } }) },\n})`
    assert.equal(explained('TS2353', message, marked), 'needs.net: nobody takes a device of this name')
  })

  it('has no other words for anything else', () => {
    const message = "Type 'number' is not assignable to type 'string'."
    assert.equal(explained('TS2322', message, CONFIG.replace("name: 'a'", '|name: 1')), message)
    assert.equal(explained('TS2304', "Cannot find name 'x'.", 'const |x'), "Cannot find name 'x'.")
  })
})
