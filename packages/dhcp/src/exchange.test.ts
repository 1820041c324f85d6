/** The client against the server, through bytes, on stepped time. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import * as fc from 'fast-check'
import * as client from './client.ts'
import { type Server, createServer } from './server.ts'
import * as wire from './wire.ts'

const newServer = (): Server =>
  createServer({
    cidr: { address: ipv4.of(10, 0, 0, 1), prefixLength: 24 },
    ranges: [{ first: ipv4.of(10, 0, 0, 2), last: ipv4.of(10, 0, 0, 9) }],
    gateway: ipv4.of(10, 0, 0, 1),
    leaseTime: 600,
  })

/** A client and its server on a link that loses what `loses` says, message by message. */
class Link {
  now = 0
  server = newServer()
  readonly events: [seconds: number, kind: client.Event['kind']][] = []
  private readonly config = { mac: mac.local(1) }
  private state: client.State | undefined
  private readonly loses: () => boolean

  constructor(loses: () => boolean = () => false) {
    this.loses = loses
    this.take(client.start(this.config, 0, 0x8000_0000))
  }

  /** Runs until `seconds`, from one deadline of the client to the next. */
  runTo(seconds: number): void {
    while (this.state!.deadline <= seconds * 1000) {
      assert.ok(this.state!.deadline > this.now, 'time goes on')
      this.now = this.state!.deadline
      this.take(client.tick(this.config, this.state!, this.now, 0x8000_0000 + (this.now % 1000)))
    }
    this.now = seconds * 1000
  }

  private take({ state, send, event }: client.Output): void {
    this.state = state
    if (event !== undefined) this.events.push([this.now / 1000, event.kind])
    const asked = send === undefined || this.loses() ? undefined : wire.parse(wire.emit(send.message))
    const output = asked?.ok === true ? this.server.input(asked.value, this.now) : undefined
    if (output === undefined || !('reply' in output)) return
    const answer = this.loses() ? undefined : wire.parse(wire.emit(output.reply.message))
    if (answer?.ok === true) this.take(client.input(this.config, state, answer.value, this.now, 0x8000_0000))
  }
}

describe('a client and a server', () => {
  it('agree at once, and renew at half of every lease', () => {
    const link = new Link()
    link.runTo(1000)
    assert.deepEqual(link.events, [
      [0, 'bound'],
      [300, 'renewed'],
      [600, 'renewed'],
      [900, 'renewed'],
    ])
    assert.deepEqual([...link.server.entries.keys()], [ipv4.of(10, 0, 0, 2)])
  })

  it('agree after losses', () => {
    const losses = [true, false, true, true, false, true]
    const link = new Link(() => losses.shift() ?? false)
    link.runTo(100)
    // DISCOVER, OFFER and DISCOVER are lost; the third offer arrives at 28 s, its REQUEST is lost.
    assert.deepEqual(
      link.events.map(([, kind]) => kind),
      ['bound'],
    )
  })

  it('lose the lease when the link is dead until its end, and agree when it is back', () => {
    let isDead = false
    const link = new Link(() => isDead)
    isDead = true
    link.runTo(700)
    assert.deepEqual(link.events, [
      [0, 'bound'],
      [600, 'lost'],
    ])
    isDead = false
    link.runTo(800)
    assert.deepEqual(
      link.events.map(([, kind]) => kind),
      ['bound', 'lost', 'bound'],
    )
  })

  it('go on with the same address when the server has forgotten everything', () => {
    const link = new Link()
    link.runTo(100)
    link.server = newServer()
    link.runTo(400)
    assert.deepEqual(link.events.at(-1), [300, 'renewed'])
  })

  it('find another address when the server gave it away', () => {
    const link = new Link()
    link.server = newServer()
    const other = client.start({ mac: mac.local(2) }, 0, 1)
    assert.ok(other.send !== undefined)
    link.server.input({ ...other.send.message, type: 'request', ciaddr: ipv4.of(10, 0, 0, 2) }, 0)
    link.runTo(400)
    assert.deepEqual(link.events, [
      [0, 'bound'],
      [300, 'lost'],
      [301, 'bound'],
    ])
    assert.equal(link.server.entries.get(ipv4.of(10, 0, 0, 3))?.mac, mac.local(1))
  })

  it('always agree in the end, whatever was lost before', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (losses) => {
        const link = new Link(() => losses.shift() ?? false)
        link.runTo(10_000)
        const last = link.events.at(-1)
        assert.ok(losses.length === 0 && last !== undefined && last[1] !== 'lost' && last[0] > 9000)
      }),
    )
  })
})
