import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { IpAddress } from '@mirage/address/ip'
import { of } from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import * as fc from 'fast-check'
import { type Entry, Table } from './table.ts'

interface Named extends Entry {
  next: this | undefined
}

function entry(localAddr: IpAddress, localPort: number, remoteAddr: IpAddress, remotePort: number): Named {
  return { ends: { localAddr, localPort, remoteAddr, remotePort }, next: undefined }
}

describe('the table of connections', () => {
  it('finds what was added and not removed, by all four parts of its name', () => {
    const address = fc.constantFrom<IpAddress[]>(
      of(0, 0, 0, 0),
      of(0, 0, 0, 1),
      of(255, 255, 255, 255),
      ipv6.ALL_NODES,
      ipv6.LOOPBACK,
    )
    const name = fc.tuple(address, fc.nat(2), address, fc.nat(2))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, fc.boolean()), { maxLength: 200 }),
        fc.integer(),
        (steps, secret) => {
          const table = new Table<Named>(secret)
          const model = new Map<string, Named>()
          for (const [parts, isAdded] of steps) {
            const key = parts.join()
            const held = model.get(key)
            assert.equal(table.find(...parts), held)
            if (isAdded && held === undefined) {
              const added = entry(...parts)
              table.add(added)
              model.set(key, added)
            } else if (!isAdded && held !== undefined) {
              table.remove(held)
              model.delete(key)
            }
            assert.equal(table.count, model.size)
          }
          assert.deepEqual(new Set(table.all()), new Set(model.values()))
        },
      ),
    )
  })

  it('spreads peers that count up their ports over short chains', () => {
    const table = new Table<Named>(12_345)
    for (let i = 0; i < 4096; i++) table.add(entry(of(0, 0, 0, 1), 80, of(0, 0, 0, 7), i))
    let longest = 0
    for (const first of table.all()) {
      let length = 0
      for (let at: Named | undefined = first; at !== undefined; at = at.next) length += 1
      longest = Math.max(longest, length)
    }
    assert.ok(longest < 12, `a chain of ${longest}`)
  })
})
