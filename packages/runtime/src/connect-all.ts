/** Connects the devices of a unikernel: each one once, after those it needs; and disconnects them in reverse. */
import { type Result, assert, done, err } from '@mirage/result'
import type { About, Part } from './component.ts'

/** A device that could not be connected, and why: one sentence for the user. */
export interface ConnectError {
  readonly part: string
  readonly reason: string
}

/** The values of the arguments of each part, by its name. */
export type PartValues = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** The devices that are connected, in the order in which they were. */
export class Devices {
  readonly #connected: Map<string, unknown> = new Map()
  #isOver = false

  /** What `part` needs. Every device it names has been connected before: otherwise it throws. */
  needsOf(part: Part): Readonly<Record<string, unknown>> {
    const entries = Object.entries(part.needs).map(([need, name]) => {
      assert(this.#connected.has(name), `${name} is connected before ${part.name}, which needs it`)
      return [need, this.#connected.get(name)]
    })
    return Object.fromEntries(entries)
  }

  /** Connects `part`. A device that is ready only after `disconnect` is disconnected at once. */
  async connect(
    part: Part,
    args: Readonly<Record<string, unknown>>,
    about: About,
  ): Promise<Result<void, ConnectError>> {
    assert(!this.#connected.has(part.name), `${part.name} is the name of one part`)
    const { component } = part
    assert(component.connect !== undefined, `${part.name} is a device`)
    // The types of needs and arguments were checked where the part was wired.
    const device = await component.connect(this.needsOf(part) as never, args as never, about)
    if (!device.ok) return err({ part: part.name, reason: device.error })
    if (this.#isOver) await disconnect(device.value)
    else this.#connected.set(part.name, device.value)
    return done
  }

  /**
   * Disconnects every device that has a `disconnect`, the last connected first, each when the one before is
   * done. One that throws does not keep the others; the first thing thrown is thrown again at the end.
   */
  async disconnect(): Promise<void> {
    this.#isOver = true
    const thrown: unknown[] = []
    for (const device of [...this.#connected.values()].reverse()) {
      try {
        await disconnect(device)
      } catch (error) {
        thrown.push(error)
      }
    }
    this.#connected.clear()
    if (thrown.length > 0) throw thrown[0]
  }
}

/** Connects `parts` in their order, and stops at the first that fails: what was connected by then stays so. */
export async function connectAll(
  devices: Devices,
  parts: readonly Part[],
  values: PartValues,
  about: About,
): Promise<Result<void, ConnectError>> {
  for (const part of parts) {
    const connected = await devices.connect(part, values[part.name] ?? {}, about)
    if (!connected.ok) return connected
  }
  return done
}

async function disconnect(device: unknown): Promise<void> {
  if (typeof device !== 'object' || device === null || !('disconnect' in device)) return
  if (typeof device.disconnect === 'function') await (device as { disconnect(): unknown }).disconnect()
}
