import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import { hex } from '@mirage/bytes/hex'
import { manual } from '@mirage/clock/manual'
import { pair } from '@mirage/net/pair'
import { Guest, upWithin } from './guest.ts'

const address = (last: number): ipv4.Ipv4 => ipv4.of(10, 0, 0, last)

function rig(): {
  guest: Guest
  says: (type: string, sender: string, mac?: string) => void
  passed: () => number
} {
  const cable = pair()
  const guest = new Guest({ address: address(1), prefixLength: 24 })
  let count = 0
  guest.observe(cable.a).listen(() => (count += 1))
  return {
    guest,
    passed: () => count,
    says: (type, sender, mac = '025000000002') => {
      const frame = hex(
        `ffffffffffff ${mac} ${type} 0001 0800 06 04 0001 ${mac} ${sender} 000000000000 ${sender}`,
      )
      cable.b.write(frame.length, (lent) => {
        lent.set(frame)
        return frame.length
      })
      cable.deliver()
    },
  }
}

describe('a guest', () => {
  it('is where its announcement says, and its frames are passed on', () => {
    const { guest, says, passed } = rig()
    const told: ipv4.Ipv4[] = []
    guest.onUp((each) => told.push(each))
    assert.equal(guest.address, undefined)
    says('0806', '0a000005')
    assert.equal(guest.address, address(5))
    assert.deepEqual([told, passed()], [[address(5)], 1])
  })

  it('moves when it announces another address, unless another machine does', () => {
    const { guest, says } = rig()
    says('0806', '0a000005')
    says('0806', '0a000006')
    says('0806', '0a000007', '025000000003')
    assert.equal(guest.address, address(6))
  })

  const ignored: [what: string, type: string, sender: string][] = [
    ['asks before it has an address', '0806', '00000000'],
    ['claims the gateway', '0806', '0a000001'],
    ['is of another network', '0806', 'c0a80005'],
    ['speaks something else than ARP', '0800', '0a000005'],
  ]
  for (const [what, type, sender] of ignored) {
    it(`is nowhere when somebody ${what}`, () => {
      const { guest, says } = rig()
      says(type, sender)
      assert.equal(guest.address, undefined)
    })
  }

  it('is waited for as long as the patience lasts', async () => {
    const { guest, says } = rig()
    const clock = manual()
    const late = upWithin(guest, clock, 100)
    clock.advance(100)
    assert.equal(await late, undefined)
    const soon = upWithin(guest, clock, 100)
    says('0806', '0a000005')
    assert.equal(await soon, address(5))
    assert.equal(clock.pending, 0)
    assert.equal(await upWithin(guest, clock, 0), address(5))
  })
})
