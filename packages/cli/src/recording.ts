/**
 * What `mirage run --capture` records, in this process: each network where it passes, at its gateway or at its TAP
 * device, as the unikernel's interface has it. What the unikernel sends is `out`.
 */
import type { Capture, Sink, Tap } from '@mirage/net/capture'
import type { Packets } from '@mirage/native/packet'
import type { CaptureFile } from './capture-file.ts'
import type { Problem } from './problem.ts'

/** What is recorded. */
export interface Recording {
  /** What a person calls the file. */
  readonly path: string
  /** Where to. It is closed here at the end. */
  readonly file: CaptureFile
  /** The one network that is recorded, if not all are. */
  readonly network: string | undefined
}

/** What a person calls a network: the group of its arguments, or `net` where it has none. */
export function nameOf(group: string | undefined): string {
  return group ?? 'net'
}

/** Whether the network `name` is recorded where `only` is asked for, or all. */
export function isRecorded(name: string, only: string | undefined): boolean {
  return (only ?? name) === name
}

/** A recording that goes on. */
export class Recorder {
  readonly #recording: Recording
  readonly #capture: Capture
  readonly #complain: (problems: readonly Problem[]) => void
  readonly #ends: (() => void)[] = []

  /** `begin` begins a capture, which is one from now on; `complain` is told what is missing in it. */
  constructor(
    recording: Recording,
    begin: (sink: Sink) => Capture,
    complain: (problems: readonly Problem[]) => void,
  ) {
    this.#recording = recording
    this.#capture = begin((bytes) => recording.file.write(bytes))
    this.#complain = complain
  }

  /** Where a gateway is to record the network `name`, if it is recorded. */
  gateway(name: string): Tap | undefined {
    if (!isRecorded(name, this.#recording.network)) return undefined
    const tap = this.#capture.add({ name })
    this.#ends.push(() => tap.count(0))
    return tap
  }

  /** Records the network `name` from `packets` of its TAP device, which are closed here at the end. */
  device(name: string, packets: Packets): void {
    const tap = this.#capture.add({ name })
    let count = 0
    const watching = packets.watch((frame, time, isSent) => {
      count += 1
      // What this host sends is what the unikernel receives.
      if (isSent) tap.received(frame, time)
      else tap.sent(frame, time)
    })
    if (!watching.ok) return this.#say(`${name} is not recorded: ${watching.error}`)
    this.#ends.push(() => {
      const lost = watching.value.end()
      tap.count(lost)
      const all = count + lost
      if (lost > 0)
        this.#say(`${this.#recording.path} lacks ${lost} of ${all} frames of ${name}: they came too fast`)
    })
  }

  /** Records what has come until now, and closes the file. */
  close(): void {
    for (const end of this.#ends.splice(0)) end()
    this.#recording.file.close()
  }

  #say(message: string): void {
    this.#complain([{ message }])
  }
}
