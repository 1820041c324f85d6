/** As much of `node:test` as the contract suites use, for an engine without Node. */

interface Test {
  readonly title: string
  readonly run: () => Promise<void> | void
}

const tests: Test[] = []
let suite = ''

/** Runs `define` at once. */
export function describe(title: string, define: () => void): void {
  suite = title
  define()
}

/** Remembers a test for `runTests`. */
export function it(
  title: string,
  ...rest: readonly [Test['run']] | readonly [{ skip?: boolean }, Test['run']]
): void {
  const [options, run] = rest.length === 2 ? rest : [{}, rest[0]]
  if (options.skip !== true) tests.push({ title: `${suite}: ${title}`, run })
}

/** Runs every test in turn; gives how many failed. */
export async function runTests(show: (line: string) => void): Promise<number> {
  let failures = 0
  for (const { title, run } of tests) {
    try {
      await run()
      show(`ok ${title}`)
    } catch (error) {
      failures += 1
      show(`not ok ${title}: ${String(error)}`)
    }
  }
  show(`${tests.length} tests, ${failures} failures`)
  return failures
}
