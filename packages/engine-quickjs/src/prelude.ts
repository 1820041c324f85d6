/**
 * Corrections of QuickJS 2025-04-26, run before any program.
 *
 * `BigInt.asUintN` of a negative number is wrong from 64 bits on, and `toString` of a large one may begin with a zero.
 * Each is replaced only where it is wrong, so an engine without the faults keeps its own.
 */
/* oxlint-disable typescript/unbound-method, eslint/no-extend-native -- it is what this file is for */
function correctAsUintN(): void {
  const native = BigInt.asUintN
  const asUintN = (bits: unknown, value: unknown): bigint => {
    // The engine's own checks of both arguments, and its answer where that is right.
    const answer = native(bits as number, value as bigint)
    const integer = BigInt(value as bigint | string)
    const width = Math.trunc(Number(bits))
    return width >= 64 && integer < 0n ? integer & ((1n << BigInt(width)) - 1n) : answer
  }
  Object.defineProperty(BigInt, 'asUintN', { value: asUintN, writable: true, configurable: true })
}

function correctToString(): void {
  const native = BigInt.prototype.toString
  function toString(this: bigint, radix?: number): string {
    return native.call(this, radix).replace(/^(-?)0+(?=.)/, '$1')
  }
  Object.defineProperty(BigInt.prototype, 'toString', { value: toString, writable: true, configurable: true })
}

if (BigInt.asUintN(64, -1n) !== 0xffff_ffff_ffff_ffffn) correctAsUintN()
if (0xfedc_ba98_7654_3210n.toString(16).length !== 16) correctToString()
