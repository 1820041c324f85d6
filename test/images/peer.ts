/** The other end of a guest's network: a socket that carries frames, each after its length in 4 bytes. */
import type { Duplex } from 'node:stream'
import { PATIENCE_MS } from '../patience.ts'

/** What a machine has on one of its networks. Frames wait until they are taken. */
export class Peer {
  readonly #socket: Duplex
  readonly #frames: Buffer[] = []
  #received: Buffer = Buffer.alloc(0)
  #onFrame: () => void = () => {}

  constructor(socket: Duplex) {
    this.#socket = socket
    // It may be gone before what is sent last.
    socket.on('data', (chunk: Buffer) => this.#input(chunk)).on('error', () => {})
  }

  #input(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readUInt32BE(0)
      if (this.#received.length < end) return
      this.#frames.push(this.#received.subarray(4, end))
      this.#received = this.#received.subarray(end)
      this.#onFrame()
    }
  }

  send(frame: Buffer): void {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(frame.length)
    this.#socket.write(Buffer.concat([length, frame]))
  }

  /** The next frame that has not been taken; throws if none comes. */
  async take(): Promise<Buffer> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame !== undefined) return frame
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('no frame came')), PATIENCE_MS)
        this.#onFrame = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
}

const MAC = Buffer.from('020000000001', 'hex')
const ECHO_SIZE = 56

function sumOf(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return sum
}

/** RFC 826: who has 10.0.`network`.2? asks 10.0.`network`.1. */
export function arpRequest(network: number): Buffer {
  const head = Buffer.concat([Buffer.alloc(6, 0xff), MAC, Buffer.from('08060001080006040001', 'hex'), MAC])
  return Buffer.concat([head, Buffer.from([10, 0, network, 1, 0, 0, 0, 0, 0, 0, 10, 0, network, 2])])
}

/** RFC 791, RFC 792: an echo request from 10.0.`network`.1 to 10.0.`network`.2, with a payload that depends on `sequence`. */
export function echoRequest(network: number, guest: Buffer, sequence: number): Buffer {
  const icmp = Buffer.alloc(8 + ECHO_SIZE, sequence & 0xff)
  icmp.writeUInt32BE(0x0800_0000, 0)
  icmp.writeUInt16BE(77, 4)
  icmp.writeUInt16BE(sequence & 0xffff, 6)
  icmp.writeUInt16BE(~sumOf(icmp) & 0xffff, 2)
  const ip = Buffer.from('4500000000000000400100000a0000010a000002', 'hex')
  ip.writeUInt16BE(ip.length + icmp.length, 2)
  ip[14] = ip[18] = network
  ip.writeUInt16BE(~sumOf(ip) & 0xffff, 10)
  return Buffer.concat([guest, MAC, Buffer.from('0800', 'hex'), ip, icmp])
}

/** Whether `frame` answers `request`, and its checksum is right. */
export function isEchoReply(frame: Buffer, request: Buffer): boolean {
  if (frame.readUInt16BE(12) !== 0x0800 || frame[34] !== 0) return false
  return sumOf(frame.subarray(34)) === 0xffff && frame.subarray(38).equals(request.subarray(38))
}

/** A frame that the guest of solo5/tests/net.c ends after. */
export function quit(guest: Buffer): Buffer {
  const frame = Buffer.alloc(60)
  guest.copy(frame)
  MAC.copy(frame, 6)
  frame.writeUInt16BE(0x88b5, 12)
  frame.write('quit', 14)
  return frame
}
