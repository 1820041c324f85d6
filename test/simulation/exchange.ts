/** Two unikernels exchange bytes over a bad link: one run for each seed, and the same run for the same seed. */
import type { Faults } from '@mirage/vnetif/faults'
import { noise, receive, send } from './transfer.ts'
import { connected, world } from './world.ts'

const PORT = 7

/** A run; nothing of it but the seed is random. */
export interface Plan {
  readonly seed: number
  /** Bytes that go each way. */
  readonly length: number
  readonly faults: Faults
  readonly mtu: number
}

/** What became of a run. */
export interface Outcome {
  readonly seed: number
  /** Of every task that ran and every frame that was delivered or lost. */
  readonly digest: string
  readonly events: number
  /** Until the last byte had arrived, in virtual time. */
  readonly elapsed: number
}

/** Is told every event of a run. */
export type Follow = (now: number, event: string) => void

/**
 * Moves bytes from each of two stacks to the other, all at once, and throws if any of them arrives differently, or
 * not within an hour.
 */
export async function exchange({ seed, length, faults, mtu }: Plan, follow?: Follow): Promise<Outcome> {
  const here = world({ seed, faults, mtu })
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
