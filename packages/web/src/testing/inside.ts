/** Tries our classes on an engine that has none. */
import { outcome } from './case.ts'
import { CASES } from './cases.ts'
import { ours } from './ours.ts'

/** Prints the outcomes of all cases, as a line of JSON in ASCII: whoever shows it may know no more. */
export async function report(print: (line: string) => void): Promise<void> {
  const outcomes: unknown[] = []
  for (const each of CASES) outcomes.push(await outcome(each, ours))
  const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  print(JSON.stringify(outcomes).replace(/[^ -~]/g, escaped))
}
