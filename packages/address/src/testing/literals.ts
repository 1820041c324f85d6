/** Addresses as tests write them: a text that is none is the test's mistake, and throws. */
import assert from 'node:assert/strict'
import type { Result } from '@mirage/result'
import * as ip from '../ip.ts'
import * as v4 from '../ipv4.ts'
import * as v6 from '../ipv6.ts'

/** Of either family. */
export const address: (text: string) => ip.IpAddress = parsed(ip.parse)
/** `10.0.0.1` */
export const ipv4: (text: string) => v4.Ipv4 = parsed(v4.parse)
/** `10.0.0.1/24` */
export const ipv4Cidr: (text: string) => v4.Cidr = parsed(v4.parseCidr)
/** `fd00::1` */
export const ipv6: (text: string) => v6.Ipv6 = parsed(v6.parse)
/** `fd00::1/64` */
export const ipv6Cidr: (text: string) => v6.Cidr = parsed(v6.parseCidr)

function parsed<T>(parse: (text: string) => Result<T, string>): (text: string) => T {
  return (text) => {
    const result = parse(text)
    assert.ok(result.ok, text)
    return result.value
  }
}
