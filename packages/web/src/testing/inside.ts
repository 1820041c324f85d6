/** The program that tries our classes on an engine that has none: prints each case's outcome as a line of JSON. */
import { CASES, outcome } from './cases.ts'
import { ours } from './ours.ts'

declare const print: (line: string) => void

const results: unknown[] = []
for (const each of CASES) results.push(await outcome(each, ours))
// Whoever shows it may know no more than ASCII.
print(
  JSON.stringify(results).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  ),
)
