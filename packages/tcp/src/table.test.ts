import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Ipv4 } from '@mirage/address/ipv4'
import * as fc from 'fast-check'
import { type Entry, Table } from './table.ts'

interface Named extends Entry {
  next: this | undefined
}

function entry(localAddr: number, localPort: number, remoteAddr: number, remotePort: number): Named {
  const ends = { localAddr: localAddr as Ipv4, localPort, remoteAddr: remoteAddr as Ipv4, remotePort }
  return { ends, next: undefined }
}

describe('the table of connections', () => {
  it('finds what was added and not removed, by all four parts of its name', () => {
    const name = fc.tuple(fc.nat(2), fc.nat(2), fc.constantFrom(0, 1, 0xffff_ffff), fc.nat(2))
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
    for (let i = 0; i < 4096; i++) table.add(entry(1, 80, 7, i))
    let longest = 0
    for (const first of table.all()) {
      let length = 0
      for (let at: Named | undefined = first; at !== undefined; at = at.next) length += 1
      longest = Math.max(longest, length)
    }
    assert.ok(longest < 12, `a chain of ${longest}`)
  })
})
