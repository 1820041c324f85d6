/** What a TAP device of this process does, in a network namespace where nothing else is. `tap.test.ts` runs it there. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { after, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import * as ipv4 from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import * as checksum from '@mirage/bytes/checksum'
import type { Net } from '@mirage/net'
import { netContract } from '@mirage/net/contract'
import { err } from '@mirage/result'
import * as udpWire from '@mirage/udp/wire'
import { until } from '../../../../test/patience.ts'
import { connect } from '../net.ts'

function ip(command: string): string {
  return execFileSync('ip', command.split(' '), { encoding: 'utf8' })
}

async function device(name: string): Promise<Net> {
  const net = await connect({}, { interface: name })
  assert.ok(net.ok, net.ok ? '' : net.error)
  return net.value
}

/** The kernel says things of its own (IPv6, for one) unless it is told not to. */
function quieten(name: string): void {
  ip(`link set ${name} addrgenmode none`)
  ip(`link set ${name} up`)
}

assert.doesNotMatch(ip('-oneline link show'), /^[2-9]: eth/m, 'this is no namespace of its own')
ip('link set lo up')
let count = 0

/** Two TAP devices on a bridge of the kernel's. */
async function bridged(suffix: string): Promise<{ a: Net; b: Net }> {
  const number = count++
  const [left, right, bridge] = [`tapl${number}`, `tapr${number}`, `br${number}`]
  ip(`link add ${bridge} type bridge mcast_snooping 0`)
  const [a, b] = [await device(left + suffix), await device(right + suffix)]
  for (const name of [left, right]) {
    ip(`link set ${name} master ${bridge}`)
    quieten(name)
  }
  quieten(bridge)
  after(() => {
    a.disconnect()
    b.disconnect()
  })
  return { a, b }
}

/** Waits until nothing has been carried for a while: a busy machine takes its time. */
async function quiet(...devices: readonly Net[]): Promise<void> {
  const carried = (): number =>
    devices.reduce((sum, { counters }) => sum + counters.rxFrames + counters.txFrames, 0)
  for (let before = -1, rounds = 0; rounds < 3; ) {
    rounds = carried() === before ? rounds + 1 : 0
    before = carried()
    await setTimeout(20)
  }
}

for (const suffix of ['', ',plain']) {
  netContract(`a TAP device ${suffix === '' ? 'with' : 'without'} offloads`, async () => {
    const { a, b } = await bridged(suffix)
    return { a, b, arrived: () => quiet(a, b) }
  })
}

describe('a TAP device', () => {
  it('is gone when it is disconnected', async () => {
    const net = await device('tapgone')
    assert.match(ip('link show'), /tapgone/)
    net.disconnect()
    await until(
      () => 'it is gone',
      () => !ip('link show').includes('tapgone'),
    )
  })

  it('is disconnected when its interface is removed', async () => {
    const net = await device('tapremoved')
    quieten('tapremoved')
    net.listen(() => {})
    ip('link del tapremoved')
    await until(
      () => 'it is disconnected',
      () => !net.write(60, () => 60).ok,
    )
    assert.deepEqual(
      net.write(60, () => 60),
      err('disconnected'),
    )
  })

  it('has the MTU of its interface', async () => {
    ip('tuntap add tapwide mode tap')
    ip('link set tapwide mtu 9000')
    const net = await device('tapwide')
    assert.equal(net.mtu, 9000)
    net.disconnect()
    ip('link del tapwide')
  })

  it('leaves checksums to the reader, unless that wants none of it', async () => {
    const net = await device('tapsums')
    ip('addr add 10.9.9.1/24 dev tapsums')
    quieten('tapsums')
    ip(`neigh replace 10.9.9.2 lladdr ${mac.format(net.mac)} dev tapsums nud permanent`)
    const socket = createSocket('udp4')
    const sent = async (): Promise<readonly [isChecked: boolean, isSummed: boolean]> => {
      const arrived = new Promise<readonly [boolean, boolean]>((resolve) => {
        net.listen((frame, isChecked) => {
          if (frame[23] === 17) resolve([isChecked === true, isSummed(frame)])
        })
      })
      socket.send('hello', 9, '10.9.9.2')
      return arrived
    }
    assert.deepEqual(await sent(), [true, false])
    net.declineOffloads?.()
    assert.deepEqual(await sent(), [false, true])
    socket.close()
    net.disconnect()
  })

  it('says in one sentence why there is none', async () => {
    assert.deepEqual(
      await connect({}, { interface: 'tap:lo' }),
      err('--interface=tap:lo: there is an interface of this name that is no TAP device'),
    )
    const net = await device('tapbusy')
    assert.deepEqual(
      await connect({}, { interface: 'tapbusy' }),
      err('--interface=tapbusy: another program has it open'),
    )
    net.disconnect()
  })
})

/** Whether the checksum of the datagram in `frame`, which has no options, is right: RFC 768. */
function isSummed(frame: Uint8Array): boolean {
  const pseudo = checksum.pseudo(ipv4.read(frame, 26), ipv4.read(frame, 30), 17, 0)
  return udpWire.parse(frame, 34, frame.length, pseudo).ok
}
