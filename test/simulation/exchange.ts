/** Two unikernels exchange megabytes over a bad link: one run for each seed, and the same run for the same seed. */
import { BAD_DAY } from '@mirage/vnetif/plans'
import { noise, receive, send } from './transfer.ts'
import { connected, world } from './world.ts'

/** What goes each way. */
export const LENGTH = 5_000_000
const PORT = 7

export interface Outcome {
  readonly seed: number
  /** Of every task that ran and every frame that was delivered or lost. */
  readonly digest: string
  readonly events: number
  /** Of virtual time. */
  readonly elapsed: number
}

/**
 * Moves `length` bytes from each of two stacks to the other, all at once, and throws if any of them arrives
 * differently. Every event is told to `follow`.
 */
export async function exchange(
  seed: number,
  length: number = LENGTH,
  follow?: (now: number, event: string) => void,
): Promise<Outcome> {
  const here = world({ seed, faults: BAD_DAY })
  const { simulation } = here
  if (follow !== undefined) simulation.trace.follow(follow)
  const [fromClient, fromServer] = [noise(length, seed), noise(length, ~seed)]
  const work = async (): Promise<void> => {
    const [client, server] = await connected(here, PORT)
    await Promise.all([
      send(client, fromClient),
      send(server, fromServer),
      receive(client, fromServer),
      receive(server, fromClient),
    ])
  }
  await simulation.run(work())
  const elapsed = simulation.now()
  // What is left to say after the last byte belongs to the run: acknowledgements, the end of TIME-WAIT.
  await simulation.pass(300_000)
  here.client.stack.disconnect()
  here.server.stack.disconnect()
  const { digest, events } = simulation.trace
  return { seed, digest, events, elapsed }
}
