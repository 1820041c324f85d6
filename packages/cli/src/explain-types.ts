/** What the compiler says about the wiring in `config.ts`, in the words of `config.ts`. */

interface Place {
  readonly line: number
  readonly column: number
}

/** One sentence for an error of the compiler at `place` of `text`; its own where it is not about wiring. */
export function explain(code: string, message: string, text: string, place: Place): string {
  const offset = offsetOf(text, place)
  const name = /^['"]?([\w$-]+)/.exec(text.slice(offset))?.[1] ?? ''
  const path = [...enclosing(text, offset), name].join('.')
  const isRecord = name === 'devices' || name === 'needs'
  const missing = isRecord ? missingNames(code, message) : []
  if (missing.length > 0) {
    const wanted = missing.map((each) => `${path}.${each} is missing${typeSuffix(message, each)}`)
    return wanted.join('; ')
  }
  if (!/(^|\.)(devices|needs)\./.test(path)) return message
  if (code === 'TS2353') return `${path}: nobody takes a device of this name`
  const types = /^Type '(.+?)' is not assignable to type '(.+?)'/.exec(message)
  return types === null
    ? message
    : `${path}: this is a ${plain(types[1]!)}, but a ${plain(types[2]!)} is wanted`
}

/** TS2741 names one missing property, TS2739 all of them, TS2740 the first few. */
function missingNames(code: string, message: string): readonly string[] {
  if (code === 'TS2741') return [/^Property '(.+?)' is missing/.exec(message)?.[1] ?? ''].filter(Boolean)
  if (code !== 'TS2739' && code !== 'TS2740') return []
  const names = / from type '.*': ([^:]*?)(?:, and \d+ more)?\.?$/.exec(message)?.[1]
  return names?.split(', ') ?? []
}

function typeSuffix(message: string, name: string): string {
  const type = new RegExp(`[{;] (?:readonly )?${name}: ([^;]+);`).exec(message)?.[1]
  return type === undefined ? '' : `: a ${plain(type)} is wanted`
}

/** `Choice<Net>` and `Leaf<Net>` are how a `Device<Net>` is made. */
function plain(type: string): string {
  return type.replace(/\b(Choice|Leaf)</g, 'Device<')
}

function offsetOf(text: string, { line, column }: Place): number {
  const before = text.split('\n').slice(0, line - 1)
  return before.reduce((sum, each) => sum + each.length + 1, 0) + column - 1
}

/** The keys of the records around `offset`, outermost first: `['devices']` inside `devices: { … }`. */
function enclosing(text: string, offset: number): readonly string[] {
  const keys: string[] = []
  let depth = 0
  for (let at = offset - 1; at >= 0; at--) {
    const character = text[at]
    if (character === '}' || character === ')') depth += 1
    if (character !== '{' && character !== '(') continue
    if (depth > 0) {
      depth -= 1
      continue
    }
    // The argument list of a call ends the record that it is part of: `device({ needs: { … } })` begins anew.
    if (character === '(') break
    const key = /([\w$]+)['"]?\s*:\s*$/.exec(text.slice(0, at))?.[1]
    if (key === undefined) break
    keys.unshift(key)
  }
  return keys
}
