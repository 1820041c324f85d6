/** What hosts say to each other in scenarios, and that it arrives. */
import { connected, type World } from './world.ts'
import { noise, receive, send } from './transfer.ts'

const PORT = 80
const SECOND = 1000

/** Opens a connection, sends a line each way, and closes it at both ends. */
export async function greet(here: World): Promise<void> {
  const [question, answer] = [noise(100, 1), noise(300, 2)]
  here.server.stack.tcp.unlisten(PORT)
  const work = async (): Promise<void> => {
    const [client, server] = await connected(here, PORT)
    await Promise.all([send(client, question), receive(server, question)])
    await Promise.all([send(server, answer), receive(client, answer)])
  }
  await here.simulation.run(work(), 200 * SECOND)
}

/** Moves `length` bytes from the client to the server. */
export async function move(here: World, length: number, limit: number): Promise<void> {
  const bytes = noise(length, 1)
  const work = async (): Promise<void> => {
    const [client, server] = await connected(here, PORT)
    await Promise.all([send(client, bytes), receive(server, bytes)])
  }
  await here.simulation.run(work(), limit)
}
