/** What ICMP of either family does alike: it sends echoes, and tells of replies and errors whoever asked for them. */
import type { IpAddress } from '@mirage/address/ip'
import type { Ipv4 } from '@mirage/address/ipv4'
import { getU16 } from '@mirage/bytes'
import type { Clock } from '@mirage/clock'
import type { IpError, Packet, Protocol, WriteOptions as IpOptions } from '@mirage/ip'
import type { DeliveryError } from '@mirage/ip/errors'
import type { Random } from '@mirage/random'
import { type Result, assert } from '@mirage/result'
import * as limit from './limit.ts'
import { HEADER_SIZE, type Header, type Message, type MessageError } from './wire.ts'

/** What an echo carries there and back. */
export interface Echo {
  /** Tells the requests of one sender from another's: 0 to 65535. */
  readonly id: number
  /** 0 to 65535. */
  readonly sequence: number
  /** Copied when it is sent. In a reply it is lent until the call returns. */
  readonly payload: Uint8Array
}

/** An echo that came back. */
export interface EchoReply<Address extends IpAddress = Ipv4> extends Echo {
  readonly src: Address
}

/** Why a message that arrived led to nothing, or one was not sent. */
export type IcmpDrop =
  | MessageError
  /** An error that quotes no packet, or one that was not sent from where the error came to. */
  | 'bad-quote'
  /** A message that we neither answer nor pass on. */
  | 'unhandled'
  /** An error that was not sent because too many were. */
  | 'rate-limited'
  /** An echo reply or an error that IP did not send. */
  | 'not-sent'

/** What ICMP is made on, beside its IP. */
export interface Devices {
  readonly clock: Clock
  /** By which nobody can tell how many errors are sent: see `limit.ts`. */
  readonly random: Random
}

/** What may be said of the packet that a message is sent in. */
export type WriteOptions<Address extends IpAddress> = Omit<IpOptions<Address>, 'size'>

/** The numbers that a family has for an echo, there and back. */
export interface EchoTypes {
  readonly request: number
  readonly reply: number
}

/** The half of `Icmp` that does not depend on the family. */
export abstract class Messenger<Address extends IpAddress> {
  readonly drops: Record<IcmpDrop, number> = {
    'too-short': 0,
    'bad-checksum': 0,
    'bad-quote': 0,
    unhandled: 0,
    'rate-limited': 0,
    'not-sent': 0,
  }
  readonly #clock: Clock
  readonly #random: Random
  readonly #types: EchoTypes
  readonly #limit: limit.Limit
  #reply: ((reply: EchoReply<Address>) => void)[] = []
  #errors: Map<Protocol, ((error: DeliveryError) => void)[]> = new Map()
  #forward: ((packet: Packet<Address>) => void) | undefined

  constructor({ clock, random }: Devices, types: EchoTypes) {
    this.#clock = clock
    this.#random = random
    this.#types = types
    this.#limit = limit.create(clock.now())
  }

  echo(
    dst: Address,
    { id, sequence, payload }: Echo,
    options?: WriteOptions<Address>,
  ): Result<void, IpError> {
    const header = { type: this.#types.request, code: 0, first: id, second: sequence }
    return this.send(dst, header, payload, options)
  }

  write(dst: Address, message: Uint8Array, options?: WriteOptions<Address>): Result<void, IpError> {
    assert(message.length >= HEADER_SIZE, 'an ICMP message has 8 bytes or more')
    const [type = 0, code = 0] = message
    const header = { type, code, first: getU16(message, 4), second: getU16(message, 6) }
    return this.send(dst, header, message.subarray(HEADER_SIZE), options)
  }

  onReply(receive: (reply: EchoReply<Address>) => void): void {
    this.#reply.push(receive)
  }

  onError(protocol: Protocol, receive: (error: DeliveryError) => void): void {
    const receivers = this.#errors.get(protocol)
    if (receivers === undefined) this.#errors.set(protocol, [receive])
    else receivers.push(receive)
  }

  forward(receive: (packet: Packet<Address>) => void): void {
    this.#forward = receive
  }

  /** Sends a message with a copy of `payload`. */
  protected abstract send(
    dst: Address,
    header: Header,
    payload: Uint8Array,
    options?: WriteOptions<Address>,
  ): Result<void, IpError>

  /** Answers an echo request. */
  protected abstract answer(packet: Packet<Address>, message: Message): void

  /** Takes what is no echo: an error, or nothing that we know. */
  protected abstract inputError(packet: Packet<Address>, message: Message): void

  /** Takes the message that is in `packet`. */
  protected input(packet: Packet<Address>, message: Message, isForOther: boolean): void {
    if (isForOther && this.#forward !== undefined) return this.#forward(packet)
    if (message.type === this.#types.request) return this.answer(packet, message)
    if (message.type === this.#types.reply) return this.#tellReply(packet, message)
    this.inputError(packet, message)
  }

  protected tellError(error: DeliveryError): void {
    for (const receive of this.#errors.get(error.protocol) ?? []) receive(error)
  }

  /** Whether one more error may be sent now, which then counts. */
  protected takeTurn(): boolean {
    const isTurn = limit.take(this.#limit, this.#clock.now(), this.#random)
    if (!isTurn) this.drop('rate-limited')
    return isTurn
  }

  protected drop(reason: IcmpDrop): void {
    this.drops[reason] += 1
  }

  #tellReply({ frame, src }: Packet<Address>, { first, second, offset, end }: Message): void {
    const payload = frame.subarray(offset, end)
    const reply: EchoReply<Address> = { src, id: first, sequence: second, payload }
    for (const receive of this.#reply) receive(reply)
  }
}
