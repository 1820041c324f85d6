/** An application that does everything in any order. */
import assert from 'node:assert/strict'
import type { IpAddress } from '@mirage/address/ip'
import type { connect } from '../connect.ts'
import type { TcpFlow } from '../tcp.ts'
import type { Chance } from './hostile-chance.ts'
import type { Peer } from './hostile-peer.ts'
import { isText, textAt } from './hostile-wire.ts'

/** What the application does with one flow. */
interface User {
  readonly flow: TcpFlow
  read: number
  written: number
  isReading: boolean
  isWriting: boolean
  isShut: boolean
  isListening: boolean
}

/** The connections that it was given or asked for, and what it does with them. */
export class Application {
  opened = 0
  readBytes = 0
  readonly #chance: Chance
  readonly #stack: ReturnType<typeof connect>
  readonly #peer: Peer
  readonly #peers: readonly IpAddress[]
  #users: User[] = []

  /** On `stack`, with the ends that `peer` has at `peers`. */
  constructor(chance: Chance, stack: ReturnType<typeof connect>, peer: Peer, peers: readonly IpAddress[]) {
    this.#chance = chance
    this.#stack = stack
    this.#peer = peer
    this.#peers = peers
    this.#listen()
  }

  /** Does something with one connection. */
  use(): void {
    if (this.#users.length === 0) return
    if (this.#users.length > 30) this.#users.shift()!.flow.abort()
    if (this.#chance.rarely(100)) {
      this.#stack.unlisten(80)
      this.#listen()
    }
    this.#act(this.#users[this.#chance.below(this.#users.length)]!)
  }

  /** Asks for another connection. */
  connectOut(): void {
    const family = this.#chance.below(2)
    const remote = { address: this.#peers[family]!, port: 1 + this.#chance.below(65_535) }
    void this.#stack.connect(remote).then((result) => {
      if (result.ok) this.#accepted(result.value)
    })
  }

  /** Closes them all. */
  close(): void {
    for (const { flow } of this.#users) flow.close()
  }

  #listen(): void {
    const keepAlive = this.#chance.rarely(2)
      ? { after: 1000 + this.#chance.below(10_000), interval: 100 + this.#chance.below(1000), probes: 3 }
      : undefined
    this.#stack.listen(80, (flow) => this.#accepted(flow), {
      ...(keepAlive === undefined ? {} : { keepAlive }),
      ...(this.#chance.rarely(3) ? { userTimeout: 1 + this.#chance.below(60_000) } : {}),
      connectionsMax: 40,
    })
  }

  #accepted(flow: TcpFlow): void {
    this.opened += 1
    this.#users.push({
      flow,
      read: 0,
      written: 0,
      isReading: false,
      isWriting: false,
      isShut: false,
      isListening: false,
    })
    if (this.#chance.rarely(2)) this.#act(this.#users.at(-1)!)
  }

  #act(user: User): void {
    const what = this.#chance.below(40)
    if (what < 14) this.#read(user)
    else if (what < 28) this.#write(user)
    else if (what < 31) this.#offer(user)
    else if (what < 34) this.#lend(user)
    else if (what === 35) this.#leave(user, () => user.flow.shutdown())
    else if (what === 36) this.#leave(user, () => user.flow.close())
    else if (what === 37 && this.#chance.rarely(2)) this.#leave(user, () => user.flow.abort())
  }

  #leave(user: User, how: () => void): void {
    user.isShut = true
    how()
  }

  #read(user: User): void {
    if (user.isReading || user.isListening) return
    if (this.#chance.rarely(2)) {
      user.isReading = true
      void user.flow.read().then((result) => {
        user.isReading = false
        if (result.ok && result.value !== 'eof') this.#took(user, result.value, 0, result.value.length)
        if (this.#chance.rarely(3)) this.#act(user)
      })
      return
    }
    const wake = (): void => {
      user.isReading = false
      this.#read(user)
    }
    for (let i = 0; i < 20; i++) {
      user.isReading = true
      const result = user.flow.poll(wake)
      if (result === undefined) return
      user.isReading = false
      if (!result.ok || result.value === 'eof') return
      this.#took(user, result.value, 0, result.value.length)
    }
  }

  #lend(user: User): void {
    if (user.isReading || user.isListening) return
    user.isListening = true
    user.flow.listen(
      (frame, offset, end) => {
        this.#took(user, frame, offset, end)
        if (this.#chance.rarely(10)) this.#act(user)
      },
      () => {
        user.isListening = false
        if (this.#chance.rarely(2)) this.#act(user)
      },
    )
  }

  #took(user: User, frame: Uint8Array, offset: number, end: number): void {
    const length = end - offset
    this.readBytes += length
    const { remote, local } = user.flow
    const conversation = this.#peer.find(local.port, remote.address, remote.port)
    if (conversation?.isTainted !== false) {
      user.read += length
      return
    }
    for (let at = offset; at < end; at += 60_000) {
      const length = Math.min(60_000, end - at)
      assert.ok(
        isText(frame, at, length, user.read + at - offset),
        `what is read at ${user.read} is what was sent`,
      )
    }
    user.read += length
  }

  #write(user: User): void {
    if (user.isWriting || user.isShut) return
    user.isWriting = true
    const count = this.#chance.rarely(4) ? this.#chance.below(60_000) : this.#chance.below(2000)
    const bytes = textAt(user.written, count).slice()
    user.written += count
    const written = this.#chance.rarely(2) ? user.flow.write(bytes) : user.flow.writeNodelay(bytes)
    void written.then(() => {
      user.isWriting = false
      if (this.#chance.rarely(3)) this.#act(user)
    })
  }

  #offer(user: User): void {
    if (user.isWriting || user.isShut) return
    const count = this.#chance.below(5000)
    if (user.flow.offer(textAt(user.written, count), 0, count)) user.written += count
  }
}
