import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { of } from '@mirage/address/ipv4'
import { of as of6 } from '@mirage/address/ipv6'
import { hex } from '@mirage/bytes/hex'
import * as fc from 'fast-check'
import { answer } from './dns.ts'

const ASKER = of(10, 0, 0, 1)
/** What dig sends for `dig whoami A`, without its options. */
const QUERY = '1234 0100 0001 0000 0000 0000 06 77686f616d69 00 0001 0001'

describe('an answer', () => {
  it('is the address of who asked', () => {
    assert.deepEqual(
      answer(hex(QUERY), ASKER),
      hex('1234 8500 0001 0001 0000 0000 06 77686f616d69 00 0001 0001 c00c 0001 0001 00000000 0004 0a000001'),
    )
  })

  it('is so by IPv6, too', () => {
    const query = hex(QUERY.replace('00 0001 0001', '00 001c 0001'))
    const answered = answer(query, of6(0xfd00, 0, 0, 0, 0, 0, 0, 1))
    assert.deepEqual(answered?.subarray(-18), hex('0010 fd00 0000 0000 0000 0000 0000 0000 0001'))
  })

  it('leaves options of the question away', () => {
    const withOptions = hex(
      `${QUERY.replace('0000 0000 0000 06', '0000 0000 0001 06')} 00 0029 04d0 00000000 0000`,
    )
    assert.deepEqual(answer(withOptions, ASKER), answer(hex(QUERY), ASKER))
  })

  it('is empty where another type is asked for', () => {
    const answered = answer(hex(QUERY.replace('00 0001 0001', '00 000f 0001')), ASKER)
    assert.deepEqual(
      [answered?.[3], answered?.[7], answered?.length],
      [0, 0, QUERY.replaceAll(' ', '').length / 2],
    )
  })

  it('says what is wrong with a question that does not end, or another operation', () => {
    assert.equal(answer(hex('1234 0100 0001 0000 0000 0000 06 7768'), ASKER)?.[3], 1)
    assert.equal(answer(hex('1234 0100 0002 0000 0000 0000'), ASKER)?.[3], 1)
    assert.equal(answer(hex(QUERY.replace('0100', '2800')), ASKER)?.[3], 4)
  })

  it('is none to a response, or to less than a header', () => {
    assert.equal(answer(hex(QUERY.replace('0100', '8100')), ASKER), undefined)
    assert.equal(answer(hex('1234'), ASKER), undefined)
  })

  it('is no longer than the question by more than an address, whatever is asked', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (query) => {
        const answered = answer(query, ASKER)
        assert.ok(answered === undefined || answered.length <= query.length + 16)
      }),
    )
  })
})
