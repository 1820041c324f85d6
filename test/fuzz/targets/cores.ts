/** Protocols that remember: what they are told in the end must make no difference to whether they go on. */
import assert from 'node:assert/strict'
import * as ipv4 from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import * as arp from '@mirage/arp/wire'
import * as cache from '@mirage/arp/cache'
import { getU16 } from '@mirage/bytes'
import * as client from '@mirage/dhcp/client'
import { createServer } from '@mirage/dhcp/server'
import * as dhcp from '@mirage/dhcp/wire'
import { PREFIX_SIZE, createParser, emit } from '@mirage/net/stream-frames'
import { Reader } from '@mirage/net/pcapng-reader'
import * as pcapng from '@mirage/net/pcapng'
import { Chunked } from '../../../packages/http/src/chunked.ts'
import { LIMITS } from '../../../packages/http/src/limits.ts'
import { Head } from '../../../packages/http/src/parse.ts'
import { Reassembly, SIZE_MAX } from '../../../packages/ip/src/reassembly.ts'
import type { Target } from '../fuzz.ts'
import { concat } from '@mirage/bytes'

/** Each of them. */
export function all(): readonly Target[] {
  return [arpCache(), fragments(), dhcpClient(), dhcpServer(), frames(), captures(), heads(), chunks()]
}

function arpCache(): Target {
  return {
    name: 'arp-cache',
    corpus: [arpRequest()],
    create(inputs) {
      const own = ipv4.of(10, 0, 0, 1)
      const all = cache.create(mac.local(1))
      cache.alias(all, own)
      return (input) => {
        const parsed = arp.parse(input, 0)
        if (parsed.ok) cache.input(all, parsed.value)
        if (inputs.below(8) === 0) cache.query(all, (0x0a00_0000 + inputs.below(4096)) as ipv4.Ipv4)
        if (inputs.below(16) === 0) cache.tick(all)
        assert.equal(cache.lookup(all, own), mac.local(1), 'nobody takes its own address from it')
        assert.ok(all.dynamics.size <= 1024 && all.pendings.size <= cache.PENDING_MAX)
      }
    },
  }
}

/** Bytes that say where in a packet they belong, and of which packet they are. */
function fragments(): Target {
  return {
    name: 'fragments',
    corpus: [
      Uint8Array.of(0, 0, 0, 1, ...new Uint8Array(64)),
      Uint8Array.of(0, 0, 8, 0, ...new Uint8Array(31)),
    ],
    create(inputs) {
      const reassembly = new Reassembly()
      let now = 0
      return (input) => {
        if (input.length < 4) return
        now += inputs.below(64) === 0 ? inputs.below(12_000) : inputs.below(3)
        reassembly.expire(now)
        const fragment = {
          frame: input,
          header: 0,
          headerEnd: 4,
          offset: 4,
          end: input.length,
          position: 8 * (getU16(input, 2) >>> 3),
          hasMore: (input[3]! & 1) !== 0,
          sizeMax: 65_515,
        }
        reassembly.input(String(getU16(input, 0) % 50), fragment, now)
        assert.ok(reassembly.size <= SIZE_MAX && reassembly.count <= 1024)
        const { deadline } = reassembly
        assert.ok(deadline === undefined || (deadline > now && deadline <= now + 10_000))
      }
    },
  }
}

function dhcpClient(): Target {
  return {
    name: 'dhcp-client',
    corpus: [lease('offer'), lease('ack'), lease('nak')],
    create(inputs) {
      const config: client.Config = { mac: mac.local(1), isCautious: inputs.below(2) === 0 }
      let now = 0
      let { state } = client.start(config, now, XID)
      return (input) => {
        const message = dhcp.parse(input)
        now += inputs.below(16) === 0 ? inputs.below(inputs.below(16) === 0 ? 4_000_000 : 4000) : 0
        const output = message.ok
          ? client.input(config, state, message.value, now, XID)
          : client.tick(config, state, now, XID)
        state = output.state
        if (output.send !== undefined) dhcp.emit(output.send.message)
        if (inputs.below(64) === 0) state = client.conflict(config, state, now, XID).state
        // Every tick leads to a later one, or time would stand still.
        for (let ticks = 0; state.deadline <= now; ticks++) {
          assert.ok(ticks < 4, 'ticks end')
          state = client.tick(config, state, now, XID).state
        }
        assert.ok(!Number.isNaN(state.deadline), 'a deadline is a time')
      }
    },
  }
}

function dhcpServer(): Target {
  const address = ipv4.of(10, 0, 0, 1)
  return {
    name: 'dhcp-server',
    corpus: [asked('discover'), asked('request'), asked('release'), asked('inform'), asked('decline')],
    create(inputs) {
      const ranges = [{ first: ipv4.of(10, 0, 0, 10), last: ipv4.of(10, 0, 0, 50) }]
      const server = createServer({ cidr: { address, prefixLength: 24 }, ranges, leaseTime: 600 })
      let now = 0
      return (input) => {
        const message = dhcp.parse(input)
        now += inputs.below(100)
        if (message.ok) server.input(message.value, now)
        assert.ok(server.entries.size <= 41, 'no more leases than addresses')
      }
    },
  }
}

function frames(): Target {
  const batch = new Uint8Array(300)
  const length = emit(batch, emit(batch, 0, new Uint8Array(60), 60), new Uint8Array(100), 100)
  return {
    name: 'stream-frames',
    corpus: [batch.slice(0, length), batch.slice(0, PREFIX_SIZE + 60)],
    create(inputs) {
      let parser = createParser(1514)
      return (input) => {
        if (inputs.below(4) === 0) parser = createParser(1514)
        const cut = inputs.below(input.length + 1)
        const check = (frame: Uint8Array): void => assert.ok(frame.length > 0 && frame.length <= 1514)
        if (parser.input(input.subarray(0, cut), check).ok) parser.input(input.subarray(cut), check)
      }
    },
  }
}

function captures(): Target {
  const packet = new Uint8Array(pcapng.packetSize(60))
  pcapng.emitPacket(packet, 0, 1n << 60n, new Uint8Array(60), 60, 'in')
  const head = [
    pcapng.emitSection('x'),
    pcapng.emitInterface({ name: 'lan', mac: mac.local(1), snapLength: 99 }),
  ]
  return {
    name: 'pcapng',
    corpus: [concat([...head, packet, packet]), concat(head), packet],
    create(inputs) {
      const read = (): Reader =>
        new Reader(({ frame, time }) => assert.ok(frame.length <= 4096 && typeof time !== 'number'))
      let reader = read()
      return (input) => {
        // What was said wrong once stays wrong; and an unfinished block would take all that follows.
        if (inputs.below(4) > 0) reader = read()
        const cut = inputs.below(input.length + 1)
        if (reader.input(input.subarray(0, cut)).ok) reader.input(input.subarray(cut))
      }
    },
  }
}

function heads(): Target {
  const requests = [
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'POST /a%20b?c=d HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n0123456789',
    'OPTIONS * HTTP/1.0\r\nConnection: keep-alive, close\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
    'GET http://example.com:80/x HTTP/1.1\r\nHost: example.com\r\nCookie: a=b\r\n\r\n',
  ]
  return {
    name: 'http-head',
    corpus: requests.map((text) => new Uint8Array(Buffer.from(text))),
    create: (inputs) => (input) => {
      const whole = new Head()
      const state = whole.parse(input, 0, input.length, LIMITS)
      // In two pieces it is what it is in one, or refused sooner.
      const pieces = new Head()
      const first = pieces.parse(input, 0, inputs.below(input.length + 1), LIMITS)
      if (first === 'more') assert.equal(pieces.parse(input, 0, input.length, LIMITS), state)
      if (state === 'done') assert.ok(whole.length <= input.length && whole.contentLength >= 0)
    },
  }
}

function chunks(): Target {
  return {
    name: 'http-chunked',
    corpus: ['5\r\nhello\r\n0\r\n\r\n', 'a;x="y"\r\n0123456789\r\n0\r\nA: b\r\n\r\n'].map(
      (text) => new Uint8Array(Buffer.from(text)),
    ),
    create: () => (input) => {
      const body = new Chunked(1000)
      let total = 0
      for (let at = 0, steps = 0; ; at = body.at) {
        assert.ok(++steps <= input.length + 2, 'every step reads something')
        const state = body.step(input, at, input.length)
        if (state !== 'data') break
        total += body.at - body.dataStart
      }
      assert.ok(total <= 1000)
    },
  }
}

const XID = 0x1234_5678

function message(type: dhcp.MessageType, fields: Partial<dhcp.Message>): Uint8Array {
  const zero = ipv4.UNSPECIFIED
  return dhcp.emit({
    type,
    xid: XID,
    secs: 0,
    broadcast: false,
    ciaddr: zero,
    yiaddr: zero,
    siaddr: zero,
    giaddr: zero,
    chaddr: mac.local(1),
    options: {},
    ...fields,
  })
}

function lease(type: dhcp.MessageType): Uint8Array {
  return message(type, {
    yiaddr: ipv4.of(10, 0, 0, 10),
    options: { serverId: ipv4.of(10, 0, 0, 1), leaseTime: 600 },
  })
}

function asked(type: dhcp.MessageType): Uint8Array {
  return message(type, {
    options: { requestedAddress: ipv4.of(10, 0, 0, 10), serverId: ipv4.of(10, 0, 0, 1) },
  })
}

function arpRequest(): Uint8Array {
  const bytes = new Uint8Array(arp.SIZE)
  arp.emit(bytes, 0, {
    operation: 'request',
    srcMac: mac.local(2),
    srcIp: ipv4.of(10, 0, 0, 2),
    dstMac: mac.ZERO,
    dstIp: ipv4.of(10, 0, 0, 1),
  })
  return bytes
}
