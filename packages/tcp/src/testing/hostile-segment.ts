/** Segments of a peer that keeps what an honest one would, so that they are nearly right; and then something is wrong. */
import { ACK, CWR, ECE, FIN, PSH, RST, SYN, Segment, URG } from '../segment.ts'
import { add, distance } from '../sequence.ts'
import type { Chance } from './hostile-chance.ts'
import type { Conversation } from './hostile-conversation.ts'

/** The segment that begins a connection, or answers one that does, with `flags` and perhaps others. */
export function synOf(chance: Chance, conversation: Conversation, flags: number): Segment {
  const syn = new Segment()
  syn.seq = conversation.irs
  syn.ack = conversation.iss === undefined ? 0 : add(conversation.iss, 1)
  syn.flags = flags | (chance.rarely(3) ? ECE | CWR : 0) | (chance.rarely(20) ? FIN | PSH : 0)
  syn.window = chance.rarely(4) ? chance.below(3) : chance.below(65_536)
  syn.mss = [0, 88, 89, 536, 1460, 65_535][chance.below(6)]!
  syn.scale = [-1, 0, 7, 14][chance.below(4)]!
  syn.isSackPermitted = !chance.rarely(4)
  syn.hasTimestamps = chance.rarely(2)
  syn.tsVal = conversation.clock
  return syn
}

/** Any other, without its text. */
export function segmentOf(chance: Chance, conversation: Conversation): Segment {
  const segment = new Segment()
  segment.flags = ACK
  chooseAck(chance, conversation, segment)
  chooseOptions(chance, conversation, segment)
  segment.window = [0, 1, 10, 500, 65_535, 65_535, 65_535, chance.below(65_536)][chance.below(8)]!
  segment.textLength = chooseText(chance, conversation, segment)
  if (chance.rarely(60))
    segment.flags |= [FIN, RST, SYN, URG, SYN | FIN, RST | FIN, FIN | URG, ECE][chance.below(8)]!
  if (chance.rarely(20)) segment.flags |= [PSH, ECE, CWR, URG][chance.below(4)]!
  if (chance.rarely(200)) segment.flags &= ~ACK
  return segment
}

function chooseAck(chance: Chance, conversation: Conversation, segment: Segment): void {
  const flight = Math.max(distance(conversation.ack, conversation.end), 0)
  const how = chance.below(20)
  if (how < 8) segment.ack = conversation.end
  else if (how < 12) segment.ack = add(conversation.ack, chance.below(flight + 1))
  else if (how < 18) segment.ack = conversation.ack
  else if (how === 18) segment.ack = add(conversation.ack, -chance.below(100_000))
  else segment.ack = add(conversation.end, [1, 1000, 0x7fff_ffff, 0x8000_0000][chance.below(4)]!)
  if (how < 12) conversation.ack = segment.ack
  if (flight > 0 && chance.rarely(2)) chooseBlocks(chance, conversation, segment, flight)
}

/** Blocks of what is in flight, in any order, one over the other, and some of what is not. */
function chooseBlocks(chance: Chance, conversation: Conversation, segment: Segment, flight: number): void {
  segment.sackCount = 1 + chance.below(3)
  for (let i = 0; i < segment.sackCount; i++) {
    const left = chance.below(flight)
    const right = left + 1 + chance.below(chance.rarely(2) ? 3000 : flight)
    const base = chance.rarely(15)
      ? add(conversation.ack, [-5000, 0x7fff_0000, 0x8000_0000][chance.below(3)]!)
      : conversation.ack
    segment.sacks[2 * i] = add(base, left)
    segment.sacks[2 * i + 1] = chance.rarely(20)
      ? add(base, left - 10)
      : add(base, Math.min(right, chance.rarely(10) ? right : flight))
  }
}

function chooseOptions(chance: Chance, conversation: Conversation, segment: Segment): void {
  segment.hasTimestamps = conversation.hasTimestamps ? !chance.rarely(50) : chance.rarely(50)
  conversation.clock = add(conversation.clock, chance.below(20))
  segment.tsVal = chance.rarely(100)
    ? add(conversation.clock, [-1, -100_000, 100_000, 0x7fff_ffff, 0x8000_0000][chance.below(5)]!)
    : conversation.clock
  segment.tsEcr = chance.rarely(50) ? chance.below(0x1_0000_0000) | 0 : conversation.lastStamp
  if (segment.hasTimestamps && segment.sackCount > 3) segment.sackCount = 3
}

/** Says where the text of `segment` begins, and returns how long it is. */
function chooseText(chance: Chance, conversation: Conversation, segment: Segment): number {
  segment.seq = conversation.seq
  const how = chance.below(20)
  if (how < 8) return 0
  const room = Math.max(distance(conversation.seq, conversation.edge), 0)
  if (how < 14) return Math.min(1 + chance.below(3000), Math.max(room, 1))
  if (how === 14) return Math.min(chance.below(65_000), room + chance.below(2))
  if (how < 18) {
    segment.seq = add(conversation.seq, chance.below(Math.max(room, 1) + 10))
    return 1 + chance.below(chance.rarely(2) ? 10 : 2000)
  }
  const behind = Math.min(chance.below(70_000), Math.max(distance(conversation.irs, conversation.seq) - 1, 0))
  segment.seq = add(conversation.seq, -behind)
  if (how === 18) return chance.below(behind + 3000) % 60_000
  segment.seq = add(segment.seq, [0x7fff_ffff, 0x8000_0000, room, room + 1][chance.below(4)]!)
  return chance.below(2000)
}
