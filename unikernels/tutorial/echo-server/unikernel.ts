/** Two tasks and a mailbox: one makes lines at random moments, the other echoes them. */
import { type Clock, sleep } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import { type Random, below } from '@mirage/random'

const log = source('echo-server')
const LINES = 10

interface Devices {
  readonly clock: Clock
  readonly random: Random
}

/** Holds one line at a time: who puts a second waits until the first was taken. */
class Mailbox {
  #line: string | undefined
  #wake: (() => void) | undefined

  async put(line: string): Promise<void> {
    while (this.#line !== undefined) await this.#change()
    this.#line = line
    this.#wake?.()
  }

  async take(): Promise<string> {
    while (this.#line === undefined) await this.#change()
    const line = this.#line
    this.#line = undefined
    this.#wake?.()
    return line
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}

/** Stands for somebody who types. */
async function type({ clock, random }: Devices, mailbox: Mailbox): Promise<void> {
  for (let count = 0; count < LINES; count++) {
    await sleep(clock, below(random, 500))
    await mailbox.put('a'.repeat(1 + below(random, 20)))
  }
}

async function echo(mailbox: Mailbox): Promise<void> {
  for (let count = 0; count < LINES; count++) log.info(await mailbox.take())
}

export async function start(devices: Devices): Promise<void> {
  const mailbox = new Mailbox()
  await Promise.all([type(devices, mailbox), echo(mailbox)])
  log.info('Finished')
}
