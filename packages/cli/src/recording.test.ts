import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manual } from '@mirage/clock/manual'
import type { Packets, See } from '@mirage/native/packet'
import { type Sink, capture } from '@mirage/net/capture'
import { Reader } from '@mirage/net/pcapng-reader'
import { err, ok } from '@mirage/result'
import { Recorder, nameOf } from './recording.ts'

describe('the recording of a run', () => {
  it('has what a TAP device carries as the unikernel has it, until the end', () => {
    const { recorder, recorded, complaints } = rig()
    const [device, see] = deviceOf(0, (last) => last(Uint8Array.of(3), 30n, true))
    recorder.device('net', device)
    see(Uint8Array.of(1), 10n, true)
    see(Uint8Array.of(2), 20n, false)
    recorder.close()
    assert.deepEqual(recorded(), [
      ['net', 'in', 1, 10n],
      ['net', 'out', 2, 20n],
      ['net', 'in', 3, 30n],
      ['net', 3n, 0n],
    ])
    assert.deepEqual(complaints, [])
  })

  it('tells, in the file and in a sentence, how many frames it lacks', () => {
    const { recorder, recorded, complaints } = rig()
    const [device, see] = deviceOf(4)
    recorder.device('inside', device)
    see(Uint8Array.of(1), 10n, true)
    recorder.close()
    assert.deepEqual(recorded().at(-1), ['inside', 5n, 4n])
    assert.deepEqual(complaints, ['all.pcapng lacks 4 of 5 frames of inside: they came too fast'])
  })

  it('says of a device that cannot be read that it is not recorded', () => {
    const { recorder, recorded, complaints } = rig()
    recorder.device('net', { watch: () => err('ENOMEM'), close: assert.fail })
    recorder.close()
    assert.deepEqual(recorded(), [])
    assert.deepEqual(complaints, ['net is not recorded: ENOMEM'])
  })

  it('has the one network that is asked for, or all', () => {
    for (const [only, names] of [
      [undefined, ['net', 'admin']],
      ['admin', ['admin']],
    ] as const) {
      const { recorder, recorded } = rig(only)
      for (const group of [undefined, 'admin']) recorder.gateway(nameOf(group))?.sent(Uint8Array.of(1))
      recorder.close()
      const ends = recorded().slice(names.length)
      assert.deepEqual(
        ends,
        names.map((name) => [name, 1n, 0n]),
      )
    }
  })

  it('is one also where nothing was recorded', () => {
    const { recorder, recorded } = rig()
    recorder.close()
    assert.deepEqual(recorded(), [])
  })
})

/** A TAP device that loses so many frames, and has some for `end` when it is ended; and what it carries before. */
function deviceOf(lost: number, end: (see: See) => void = () => {}): readonly [Packets, See] {
  let told: See = () => assert.fail()
  const device: Packets = {
    watch(see) {
      told = see
      return ok({
        end() {
          end(see)
          return lost
        },
      })
    },
    close: assert.fail,
  }
  return [device, (...frame) => told(...frame)]
}

function rig(network?: string) {
  const blocks: Uint8Array[] = []
  const complaints: string[] = []
  let isOpen = true
  const file = {
    write: (bytes: Uint8Array): void => {
      assert.ok(isOpen)
      blocks.push(bytes.slice())
    },
    close: (): void => void (isOpen = false),
  }
  const recorder = new Recorder(
    { path: 'all.pcapng', file, network },
    (sink: Sink) => capture(sink, manual()),
    (problems) => complaints.push(...problems.map(({ message }) => message)),
  )
  /** The frames and the counts of the file, which is closed. */
  const recorded = (): readonly unknown[] => {
    assert.ok(!isOpen)
    const seen: unknown[] = []
    const reader = new Reader(
      ({ name, direction, frame, time }) => seen.push([name, direction, frame[0], time]),
      ({ name, received, dropped }) => seen.push([name, received, dropped]),
    )
    for (const block of blocks) assert.ok(reader.input(block).ok)
    assert.ok(reader.isComplete)
    return seen
  }
  return { recorder, recorded, complaints }
}
