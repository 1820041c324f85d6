/** Logs a greeting that is chosen when the unikernel boots. */
import { type Values, text } from '@mirage/argument'
import { type Clock, sleep } from '@mirage/clock'
import { source } from '@mirage/console/logs'

const log = source('hello-key')

export const args = {
  hello: text({ doc: 'How to say hello.', default: 'Hello World!' }),
}

export async function start(
  { clock }: { readonly clock: Clock },
  { hello }: Values<typeof args>,
): Promise<void> {
  for (let count = 0; count < 4; count++) {
    log.info(hello)
    await sleep(clock, 1000)
  }
}
