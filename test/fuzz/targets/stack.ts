/**
 * A whole stack, whose peer says anything: Ethernet, ARP, neighbour discovery, IP of
 * both families with fragments, ICMP, UDP and TCP in every state.
 */
import assert from 'node:assert/strict'
import * as mac from '@mirage/address/mac'
import { HEADER_SIZE } from '@mirage/net'
import type { Target } from '../fuzz.ts'
import { repair, victim } from '../frames.ts'

/** Who has 10.0.0.1? Tell 10.0.0.9. */
const QUESTION = Buffer.from('00010800060400010250000000090a0000090000000000000a000001', 'hex')
/** A stack has one timer for all its connections, and a few more. */
const TIMERS_MAX = 100
/** After so many inputs it is asked whether it is still there. */
const ASKED_AFTER = 250

/** What may be said of datagrams: that they are none of several, or of one or many bytes each. */
const SEGMENT_SIZES = [0, 1, 2, 100, 1472, 0xffff]

/** The target. Most checksums are made right, so that more than they is tried. */
export async function stack(): Promise<Target> {
  return {
    name: 'stack',
    corpus: (await victim()).heard,
    async create(inputs) {
      const { stack, clock, attacker, said } = await victim()
      let count = 0
      const put = (bytes: Uint8Array): void => {
        attacker.write(bytes.length, (frame) => {
          frame.set(bytes)
          return bytes.length
        })
        clock.advance(0)
      }
      return (input) => {
        const frame = input.subarray(0, HEADER_SIZE + attacker.mtu)
        // Most frames are for it.
        if (frame.length >= HEADER_SIZE && inputs.below(8) > 0) mac.write(frame, 0, mac.local(1))
        if (inputs.below(8) > 0) repair(frame)
        said.isChecked = inputs.below(4) === 0
        said.segmentSize = inputs.below(8) > 0 ? undefined : SEGMENT_SIZES[inputs.below(SEGMENT_SIZES.length)]
        put(frame)
        said.isChecked = false
        said.segmentSize = undefined
        if (inputs.below(32) === 0) clock.advance(inputs.below(inputs.below(16) === 0 ? 60_000 : 500))
        if (++count % ASKED_AFTER > 0) return
        assert.ok(clock.pending <= TIMERS_MAX, `${clock.pending} timers`)
        const before = stack.metrics().find(({ name }) => name === 'mirage_net_frames_total')!
          .samples[1]!.value
        const question = new Uint8Array(HEADER_SIZE + QUESTION.length).fill(0xff, 0, mac.SIZE)
        question.set([0x08, 0x06, ...QUESTION], 2 * mac.SIZE)
        put(question)
        const after = stack.metrics().find(({ name }) => name === 'mirage_net_frames_total')!
          .samples[1]!.value
        assert.ok(after > before, 'it answers whoever asks for its address')
      }
    },
  }
}
