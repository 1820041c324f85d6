import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as mac from '@mirage/address/mac'
import { concat } from '@mirage/bytes'
import { err } from '@mirage/result'
import { type Packet, type PcapngError, Reader, type Told } from './pcapng-reader.ts'
import * as pcapng from './pcapng.ts'

/** Two frames, as editcap of Wireshark 4.0.17 wrote them (`editcap -F pcapng`). */
const EDITCAP = Buffer.from(
  '0a0d0d0a6c0000004d3c2b1a01000000ffffffffffffffff0400450045646974636170202857697265736861726b2920342e302e3137202847' +
    '69742076342e302e3137207061636b6167656420617320342e302e31372d302b6465623132753329000000000000006c000000010000001400' +
    '000001000000ffff000014000000060000004c00000000000000c0820500404205bd2a0000002a000000ffffffffffff025000000001080600' +
    '00000000000000000000000000000000000000000000000000000000004c000000060000003400000000000000c0820500808414bd11000000' +
    '1100000002500000000102500000000288b501020300000034000000',
  'hex',
)
const TIME = 1_551_139_200_123_456_000n

describe('a reader of captures', () => {
  it('reads what Wireshark writes', () => {
    const [first, second, ...others] = read(EDITCAP)
    assert.equal(others.length, 0)
    assert.deepEqual([first!.time, second!.time], [TIME, TIME + 1_000_000_000n])
    assert.deepEqual([first!.length, first!.frame.length, first!.linkType], [42, 42, 1])
    assert.deepEqual(Buffer.from(second!.frame), Buffer.from('02500000000102500000000288b5010203', 'hex'))
  })

  it('reads the same from pieces of every size', () => {
    const whole = read(EDITCAP)
    for (let size = 1; size < 200; size++) {
      const packets: Packet[] = []
      const reader = new Reader((packet) => packets.push({ ...packet, frame: new Uint8Array(packet.frame) }))
      for (let offset = 0; offset < EDITCAP.length; offset += size) {
        // The piece is the caller's again as soon as it was read.
        const piece = Buffer.from(EDITCAP.subarray(offset, offset + size))
        assert.ok(reader.input(piece).ok)
        piece.fill(0xa5)
      }
      assert.ok(reader.isComplete)
      assert.deepEqual(packets, whole)
    }
  })

  it('says whether the last block is whole, wherever it is cut', () => {
    for (let length = 0; length < EDITCAP.length; length++) {
      const reader = new Reader(() => {})
      assert.ok(reader.input(EDITCAP.subarray(0, length)).ok)
      assert.equal(reader.isComplete, [108, 128, 204].includes(length), `${length}`)
    }
  })

  it('reads sections of either byte order, with a resolution and an offset of their own', () => {
    const frame = Uint8Array.of(1, 2, 3, 4, 5)
    const section = block(false, pcapng.SECTION_HEADER, [0x1a2b3c4d, 0x0001_0000, -1, -1])
    // if_tsresol 2^-10, if_tsoffset 7 s, end
    const options = [0x0009_0001, 0x8a00_0000, 0x000e_0008, 0, 7, 0]
    const described = block(false, pcapng.INTERFACE, [0x0001_0000, 0, ...options])
    const sent = block(
      false,
      pcapng.ENHANCED_PACKET,
      [0, 0, 1536, 5, 9, 0x01020304, 0x0500_0000, 0x0002_0004, 2, 0],
    )
    const packets = read(concat([section, described, sent, EDITCAP]))
    assert.deepEqual(packets[0], {
      name: '',
      linkType: 1,
      time: 8_500_000_000n,
      frame,
      length: 9,
      direction: 'out',
    })
    assert.equal(packets.length, 3)
  })

  it('reads simple packets, which are cut where their interface says, and skips what it does not know', () => {
    const section = block(true, pcapng.SECTION_HEADER, [0x1a2b3c4d, 1, -1, -1])
    const described = block(true, pcapng.INTERFACE, [1, 3])
    const unknown = block(true, 0x0bad, [1, 2, 3])
    const simple = block(true, pcapng.SIMPLE_PACKET, [5, 0x04030201])
    const [packet] = read(concat([section, described, unknown, simple]))
    assert.deepEqual(packet!.frame, Uint8Array.of(1, 2, 3))
    assert.deepEqual([packet!.length, packet!.time, packet!.direction], [5, undefined, undefined])
  })

  it('reads the counts of interfaces, in either byte order, as far as they are told', () => {
    const told: Told[] = []
    const reader = new Reader(
      () => {},
      (counts) => told.push(counts),
    )
    const section = block(false, pcapng.SECTION_HEADER, [0x1a2b3c4d, 0x0001_0000, -1, -1])
    const described = block(false, pcapng.INTERFACE, [0x0001_0000, 0])
    // isb_ifdrop, an isb_osdrop that nobody asks for, end
    const counts = block(false, pcapng.STATISTICS, [0, 0, 0, 0x0005_0008, 1, 2, 0x0007_0008, 0, 9, 0])
    assert.ok(reader.input(concat([section, described, counts])).ok)
    assert.deepEqual(told, [{ name: '', received: undefined, dropped: 0x1_0000_0002n }])
  })

  const begin = block(true, pcapng.SECTION_HEADER, [0x1a2b3c4d, 1, -1, -1])
  const described = block(true, pcapng.INTERFACE, [1, 0])
  const broken: [what: string, error: PcapngError, bytes: Uint8Array][] = [
    ['no capture', 'not-pcapng', new Uint8Array(12).fill(0x20)],
    ['a magic of no byte order', 'not-pcapng', block(true, pcapng.SECTION_HEADER, [7, 1, -1, -1])],
    ['another version', 'bad-version', block(true, pcapng.SECTION_HEADER, [0x1a2b3c4d, 2, -1, -1])],
    ['a section header without room', 'bad-block', block(true, pcapng.SECTION_HEADER, [0x1a2b3c4d])],
    ['a block that is smaller than itself', 'bad-block', concat([begin, words(true, [6, 8, 8])])],
    ['a length that is no multiple of four', 'bad-block', concat([begin, words(true, [6, 13, 13, 13])])],
    ['two lengths that differ', 'bad-block', concat([begin, words(true, [6, 12, 16])])],
    ['a block above the limit', 'too-large', concat([begin, words(true, [6, 0x0100_0004, 0])])],
    ['a frame of no interface', 'bad-interface', concat([begin, block(true, 6, [0, 0, 0, 0, 0])])],
    [
      'a frame longer than its block',
      'bad-block',
      concat([begin, described, block(true, 6, [0, 0, 0, 5, 5, 0])]),
    ],
    ['a simple frame longer than its block', 'bad-block', concat([begin, described, block(true, 3, [5, 0])])],
    ['counts of no interface', 'bad-interface', concat([begin, block(true, 5, [0, 0, 0])])],
    ['counts without a time', 'bad-block', concat([begin, described, block(true, 5, [0, 0])])],
    ['an option longer than its block', 'bad-block', concat([begin, block(true, 1, [1, 0, 0x0010_0002])])],
    ['a resolution of no world', 'bad-interface', concat([begin, block(true, 1, [1, 0, 0x0001_0009, 19])])],
    ['a resolution without a value', 'bad-interface', concat([begin, block(true, 1, [1, 0, 0x0000_0009])])],
    [
      'more interfaces than it has room for',
      'too-large',
      concat([begin, ...Array.from({ length: 4097 }, () => described)]),
    ],
  ]
  for (const [what, error, bytes] of broken) {
    it(`refuses ${what}, and whatever follows`, () => {
      const reader = new Reader(() => {})
      assert.deepEqual(reader.input(bytes), err(error))
      assert.deepEqual(reader.input(EDITCAP), err(error))
      assert.ok(!reader.isComplete)
    })
  }
})

describe('the blocks of a capture', () => {
  it('are read as they were written, whatever the length, the time and the direction', () => {
    const frames = Array.from({ length: 9 }, (_, length) => new Uint8Array(length).map((_, i) => i + 1))
    const directions = ['in', 'out', undefined] as const
    const blocks = frames.map((frame, i) => {
      const block = new Uint8Array(pcapng.packetSize(frame.length)).fill(0xa5)
      const size = pcapng.emitPacket(block, i % 2, TIME + BigInt(i), frame, frame.length, directions[i % 3])
      assert.equal(size, block.length)
      return block
    })
    const head = [
      pcapng.emitSection('a test'),
      pcapng.emitInterface({ name: 'lan', mac: mac.local(1), snapLength: 1000 }),
      pcapng.emitInterface({ name: 'café', snapLength: 1000 }),
    ]
    const packets = read(concat([...head, ...blocks]))
    assert.deepEqual(
      packets,
      frames.map((frame, i) => ({
        name: ['lan', 'café'][i % 2],
        linkType: 1,
        time: TIME + BigInt(i),
        frame,
        length: i,
        direction: directions[i % 3],
      })),
    )
  })
})

/** Every packet of `bytes`, which is a whole capture. */
function read(bytes: Uint8Array): Packet[] {
  const packets: Packet[] = []
  const reader = new Reader((packet) => packets.push({ ...packet, frame: new Uint8Array(packet.frame) }))
  assert.ok(reader.input(bytes).ok)
  assert.ok(reader.isComplete)
  return packets
}

/** A block whose body is these words. */
function block(isLittle: boolean, type: number, body: readonly number[]): Uint8Array {
  const size = pcapng.BLOCK_OVERHEAD + 4 * body.length
  return words(isLittle, [type, size, ...body, size])
}

function words(isLittle: boolean, values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length))
  values.forEach((value, i) => view.setUint32(4 * i, value, isLittle))
  return new Uint8Array(view.buffer)
}
