/** Wireshark opens what is recorded, and finds nothing wrong with what this stack sends. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { type Packet, Reader } from '@mirage/net/pcapng-reader'
import { storm } from '../simulation/storm/plan.ts'
import { run } from '../simulation/storm/storm.ts'
import { skipWithout } from '../system.ts'

const execute = promisify(execFile)

/** A checksum that is wrong, or a packet that ends before it should; but in what links have changed. */
const BROKEN = [
  '_ws.malformed',
  ...['ip', 'tcp', 'udp', 'icmp', 'icmpv6'].map((protocol) => `${protocol}.checksum.status == 0`),
].join(' || ')

describe('Wireshark', { skip: skipWithout('tshark') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'mirage-capture-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  for (const seed of [1, 5, 6]) {
    it(`reads every frame of a storm, and finds no fault in those that were sent (seed ${seed})`, async () => {
      const packets: Omit<Packet, 'frame'>[] = []
      const reader = new Reader(({ frame: _frame, ...packet }) => packets.push(packet))
      const blocks: Uint8Array[] = []
      const record = (bytes: Uint8Array): void => {
        assert.ok(reader.input(bytes).ok)
        blocks.push(bytes.slice())
      }
      await run(storm(seed), { record })
      const file = join(folder, `${seed}.pcapng`)
      writeFileSync(file, Buffer.concat(blocks))

      const fields = ['frame.time_epoch', 'frame.interface_name', 'frame.packet_flags_direction', 'frame.len']
      const seen = await tshark(file, '-T', 'fields', ...fields.flatMap((field) => ['-e', field]))
      assert.deepEqual(
        seen.slice(0, 200),
        packets.slice(0, 200).map(({ time, name, direction, length }) => {
          const text = String(time).padStart(10, '0')
          return [
            `${text.slice(0, -9)}.${text.slice(-9)}`,
            name,
            `0x0000000${direction === 'in' ? 1 : 2}`,
            length,
          ].join('\t')
        }),
      )
      assert.equal(seen.length, packets.length)

      const checks = ['ip', 'tcp', 'udp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`])
      const filter = `frame.packet_flags_direction == 2 && (${BROKEN})`
      assert.deepEqual(await tshark(file, ...checks, '-Y', filter), [])
    })
  }

  /** What it tells of the frames of `file`, one a line. */
  async function tshark(file: string, ...args: readonly string[]): Promise<readonly string[]> {
    const { stdout } = await execute('tshark', ['-n', '-r', file, ...args], { maxBuffer: 1 << 28 })
    return stdout.split('\n').filter((line) => line !== '')
  }
})
