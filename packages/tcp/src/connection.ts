/** One connection as its application sees it: promises around a transmission control block. */
import type { Endpoint } from '@mirage/address/endpoint'
import type { Millis } from '@mirage/clock'
import type { FlowError, WriteError } from '@mirage/flow'
import { type Result, assert, done, err, ok } from '@mirage/result'
import type { Holder } from './budget.ts'
import { type Due, NEVER } from './deadlines.ts'
import type { Answer, Stores } from './input.ts'
import type { ConnectError, Receive, TcpFlow } from './tcp.ts'
import type { Entry } from './table.ts'
import type { Ends, Tcb } from './tcb.ts'
import { isSynchronized, maySend } from './state.ts'
import { NO_TEXT, Text } from './text.ts'
import * as user from './user.ts'

/** What a connection asks of its stack. */
export interface Driver {
  readonly stores: Stores
  now(): Millis
  /** Wakes who waits and sends what is due, once what runs now is over. */
  touch(connection: Connection): void
  /** Whether `connection` holds more than its share where all hold too much: it gets no more. */
  isOver(connection: Connection): boolean
  /** Touches `connection` once there is room again for who is over its share. */
  waitForShare(connection: Connection): void
  /** The application ended the connection: does what that needs, now. */
  ended(connection: Connection, answer: Answer): void
}

type Read = Result<Uint8Array | 'eof', FlowError>
type Write = Result<void, WriteError>

/** A write that waits for room. */
interface Writer {
  readonly bytes: Uint8Array
  /** How many of `bytes` were accepted. */
  offset: number
  readonly isUrgent: boolean
  readonly resolve: (result: Write) => void
}

/** Who takes what arrives as it does. */
interface Listener {
  readonly receive: Receive
  readonly ended: (how: 'eof' | FlowError) => void
  /** It is being handed something. */
  isBusy: boolean
  /** From here on it did not take what it was handed, once it listens no more; -1 before. */
  left: number
}

/** The connections of one listener. */
export interface Group {
  count: number
}

/** Who waits for the handshake. */
export type Opened = (result: Result<TcpFlow, ConnectError>) => void

export class Connection implements TcpFlow, Entry, Due, Holder {
  readonly tcb: Tcb
  /** What to tell, once, when the handshake has ended; `undefined` after. */
  opened: Opened | undefined
  /** Nobody has decided yet whether the SYN is answered. */
  isHeld = false
  /** Bytes that the stack's budget counts it with. */
  held = 0
  /** How many connections its listener has; it is one of them until it is gone. */
  group: Group | undefined = undefined
  /** It is in the stack's list of those to wake. */
  isTouched = false
  /** The next hop does not answer. */
  isUnreachable = false

  next: this | undefined = undefined
  dueAt: Millis = NEVER
  lookAt: Millis = NEVER

  /** The list of limited length that it is in: of half-open ones, of those in TIME-WAIT. */
  #list: Set<Connection> | undefined = undefined
  #driver: Driver
  /** Runs once a read has something to say. */
  #reader: (() => void) | undefined = undefined
  #writer: Writer | undefined = undefined
  /** Who takes what arrives as it does, instead of a reader; until it was told of the end. */
  #listener: Listener | undefined = undefined
  /** The application writes no more, once `#writer` is done. */
  #isFinished = false
  #isClosed = false

  constructor(tcb: Tcb, driver: Driver, opened: Opened) {
    this.tcb = tcb
    this.#driver = driver
    this.opened = opened
  }

  get ends(): Ends {
    return this.tcb
  }

  get local(): Endpoint {
    return { address: this.ends.localAddr, port: this.ends.localPort }
  }

  get remote(): Endpoint {
    return { address: this.ends.remoteAddr, port: this.ends.remotePort }
  }

  read(): Promise<Read> {
    assert(this.#reader === undefined && this.#listener === undefined, ONE_READ)
    const result = this.#take()
    if (result !== undefined) return Promise.resolve(result)
    return new Promise((resolve) => {
      this.#reader = () => resolve(this.#take()!)
    })
  }

  poll(wake: () => void): Read | undefined {
    assert(this.#reader === undefined && this.#listener === undefined, ONE_READ)
    const result = this.#take()
    if (result === undefined) this.#reader = wake
    return result
  }

  listen(receive: Receive, ended: (how: 'eof' | FlowError) => void): void {
    assert(this.#reader === undefined && this.#listener === undefined, 'nobody else reads')
    this.#listener = { receive, ended, isBusy: false, left: -1 }
    const { rcv } = this.tcb
    if (rcv.ready === NO_TEXT) rcv.ready = new Text()
    rcv.ready.isLent = true
    this.#driver.touch(this)
  }

  unlisten(from: number): void {
    const listener = this.#listener
    assert(listener?.isBusy === true, 'who is handed something listens no more')
    listener.left = from
  }

  write(bytes: Uint8Array): Promise<Write> {
    return this.#write(bytes, false)
  }

  writeNodelay(bytes: Uint8Array): Promise<Write> {
    return this.#write(bytes, true)
  }

  offer(bytes: Uint8Array, offset: number, end: number): boolean {
    const { tcb } = this
    assert(offset >= 0 && offset <= end && end <= bytes.length, 'what is offered is there')
    if (this.#writer !== undefined || this.#isFinished || !maySend(tcb.state)) return false
    if (user.sendSize(tcb) - tcb.snd.queue.length < end - offset || this.#driver.isOver(this)) return false
    user.send(tcb, this.#driver.stores, bytes, offset, true, end, end - offset)
    this.#driver.touch(this)
    return true
  }

  shutdown(): void {
    if (this.#isFinished) return
    this.#isFinished = true
    if (this.#writer !== undefined) return
    user.shutdown(this.tcb)
    this.#driver.touch(this)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const answer = user.stopReading(this.tcb, this.#driver.now())
    this.shutdown()
    this.#driver.ended(this, answer)
    this.wake()
  }

  abort(): void {
    if (this.tcb.state === 'gone') return
    this.#driver.ended(this, user.abort(this.tcb))
    this.wake()
  }

  /** Puts it at the end of `list`, and out of the list that it was in. */
  waitIn(list: Set<Connection>): void {
    this.leave()
    this.#list = list
    list.add(this)
  }

  /** Takes it out of the list that it is in, if any. */
  leave(): void {
    this.#list?.delete(this)
    this.#list = undefined
  }

  /** Whether there is something to tell the application. */
  get hasNews(): boolean {
    const { tcb } = this
    if (this.opened !== undefined) return isSynchronized(tcb.state) || tcb.state === 'gone'
    if ((this.#reader !== undefined || this.#listener !== undefined) && this.#isReadable()) return true
    return this.#writer !== undefined && (this.#hasRoom() || tcb.state === 'gone')
  }

  #hasRoom(): boolean {
    return this.tcb.snd.queue.length < user.sendSize(this.tcb) && !this.#driver.isOver(this)
  }

  #isReadable(): boolean {
    const { rcv, state } = this.tcb
    return rcv.ready.length > 0 || rcv.isFinished || state === 'gone' || this.#isClosed
  }

  /** Resolves what can be resolved. */
  wake(): void {
    this.#wakeReader()
    this.pour()
    this.#wakeWriter()
  }

  /** Hands what has arrived to who listens, if anybody does: a frame may be lent no longer than this. */
  pour(): void {
    const listener = this.#listener
    // Whoever is handed something and ends the connection hears of that when it has returned.
    if (listener === undefined || listener.isBusy) return
    const { tcb } = this
    const { state } = tcb
    listener.isBusy = true
    while (tcb.rcv.ready.length > 0) {
      const { slab, start, end } = tcb.rcv.ready.takePiece()
      listener.receive(slab, start, end)
      if (listener.left >= 0) return this.#unlistened(slab, start, listener.left, end)
      if (tcb.state !== state && tcb.state === 'gone') break
    }
    listener.isBusy = false
    if (!this.#isReadable()) return
    this.#listener = undefined
    listener.ended(this.#isClosed || tcb.rcv.isFinished ? 'eof' : (tcb.error ?? 'eof'))
  }

  /** Who listened took what it was handed up to `from`, and listens no more. */
  #unlistened(slab: Uint8Array, start: number, from: number, end: number): void {
    assert(from >= start && from <= end, 'what is left is of what was handed over')
    this.#listener = undefined
    // Of who has closed nothing is kept: its text is that of all who have none.
    if (!this.#isClosed) this.tcb.rcv.ready.unlend(this.#driver.stores.slabs, slab, from, end)
  }

  #wakeReader(): void {
    const reader = this.#reader
    if (reader === undefined || !this.#isReadable()) return
    this.#reader = undefined
    reader()
  }

  #wakeWriter(): void {
    const writer = this.#writer
    if (writer === undefined) return
    const result = this.#accept(writer.bytes, writer.offset, writer.isUrgent)
    if (typeof result === 'number') {
      writer.offset = result
      return
    }
    this.#writer = undefined
    if (this.#isFinished) user.shutdown(this.tcb)
    writer.resolve(result)
  }

  /** What a read has to say now, if anything. */
  #take(): Read | undefined {
    const { tcb } = this
    if (this.#isClosed) return EOF
    const bytes = user.receive(tcb)
    if (bytes !== undefined) {
      // What was read makes room for a write, too, where all hold too much.
      if (tcb.ackDue === 'now' || this.#writer !== undefined) this.#driver.touch(this)
      return ok(bytes)
    }
    if (tcb.rcv.isFinished) return EOF
    if (tcb.state !== 'gone') return undefined
    return tcb.error === undefined ? EOF : err(tcb.error)
  }

  #write(bytes: Uint8Array, isUrgent: boolean): Promise<Write> {
    assert(this.#writer === undefined, 'one write is outstanding at a time')
    if (this.#isFinished) return CLOSED
    const result = this.#accept(bytes, 0, isUrgent)
    if (result === done) return DONE
    if (typeof result !== 'number') return Promise.resolve(result)
    return new Promise((resolve) => {
      this.#writer = { bytes, offset: result, isUrgent, resolve }
    })
  }

  /** Accepts what there is room for: where the rest begins, if there is a rest, else the result of the write. */
  #accept(bytes: Uint8Array, offset: number, isUrgent: boolean): Write | number {
    const { tcb } = this
    if (tcb.state === 'gone') return err(tcb.error ?? 'closed')
    if (this.#driver.isOver(this)) {
      this.#driver.waitForShare(this)
      return offset
    }
    const end = offset + user.send(tcb, this.#driver.stores, bytes, offset, isUrgent)
    if (end > offset) this.#driver.touch(this)
    return end < bytes.length ? end : done
  }
}

const ONE_READ = 'one read is outstanding at a time'
const EOF: Read = ok('eof')
const DONE: Promise<Write> = Promise.resolve(done)
const CLOSED: Promise<Write> = Promise.resolve(err('closed'))
