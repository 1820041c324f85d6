/** Makes values global, for programs that look for them there. */

/** Puts on `globalThis` what it does not have, and leaves what it has. */
export function install(values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (name in globalThis) continue
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false })
  }
}
