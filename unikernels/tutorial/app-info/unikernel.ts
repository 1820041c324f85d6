/** Prints what the image was built from. */
import type { Console } from '@mirage/console'
import type { Info } from '@mirage/runtime/component'

interface Devices {
  readonly console: Console
  readonly info: Info
}

export async function start({ console, info }: Devices): Promise<void> {
  console.log(`${info.name} for ${info.target}, made of:`)
  for (const [name, version] of Object.entries(info.packages)) console.log(`  ${name} ${version}`)
}
