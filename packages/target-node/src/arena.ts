/**
 * The arena of a Node process: WebAssembly's memory, and three functions in it that use the processor's vectors.
 *
 * They are 300 bytes of WebAssembly, written down here instruction by instruction as the core specification numbers them
 * (WebAssembly 2.0 §5), so that no compiler is needed and nobody has to trust bytes that they cannot read.
 */
import { type Arena, install } from '@mirage/bytes/arena'

/** As address space: the host gives a page when it is first written to. */
const SIZE = 0x100_0000
const PAGE_SIZE = 0x1_0000

/**
 * Lets everything that packets pass through lie in WebAssembly's memory, where 1460 bytes are summed in 35 ns, and copied
 * and summed in 37; JavaScript sums them in 140 to 210. Once, before a device is connected. Where there is no such memory
 * everything works, slower.
 */
export function installArena(): void {
  const made = attempt()
  if (made !== undefined) install(made)
}

/** An engine without a compiler has no WebAssembly, and a host that limits address space may have no room for it. */
function attempt(): Arena | undefined {
  try {
    return webAssembly()
  } catch {
    return undefined
  }
}

/** A new arena. */
export function webAssembly(): Arena {
  const pages = SIZE / PAGE_SIZE
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(program(pages)), { host: { memory } })
  const { copy, sum, copySum } = exports as unknown as Omit<Arena, 'buffer'>
  return { buffer: memory.buffer, copy, sum, copySum }
}

/** A piece of the module: bytes. */
type Code = readonly number[]

function program(pages: number): Uint8Array<ArrayBuffer> {
  const noResult = [FUNCTION, 3, I32, I32, I32, 0]
  const ofTwo = [FUNCTION, 2, I32, I32, 1, I32]
  const ofThree = [FUNCTION, 3, I32, I32, I32, 1, I32]
  const memory = code(name('host'), name('memory'), MEMORY, HAS_MAXIMUM, unsigned(pages), unsigned(pages))
  const module = code(
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(TYPES, [noResult, ofTwo, ofThree]),
    section(IMPORTS, [memory]),
    section(FUNCTIONS, [[0], [1], [2]]),
    section(EXPORTS, [exported('copy', 0), exported('sum', 1), exported('copySum', 2)]),
    section(CODES, [sized(copyBody()), sized(sumBody(false)), sized(sumBody(true))]),
  )
  return new Uint8Array(module)
}

function copyBody(): Code {
  return code(NO_LOCALS, get(0), get(1), get(2), MEMORY_COPY, END)
}

/**
 * Goes from `start` to `end`, 64 bytes at a time and then fewer. Each half of four words is added to one of four lanes of
 * 32 bits; there are two sets of lanes, so that one addition need not wait for the other.
 */
function sumBody(isCopy: boolean): Code {
  const [start, end, distance] = [0, 1, 2] as const
  const [total, first, second, vector] = isCopy ? ([3, 4, 5, 6] as const) : ([2, 3, 4, 5] as const)
  const target = code(get(start), get(distance), I32_ADD)

  const add16 = (offset: number, lanes: number): Code =>
    code(
      code(get(start), V128_LOAD, BYTE, offset, set(vector)),
      isCopy ? code(target, get(vector), V128_STORE, BYTE, offset) : [],
      code(get(lanes), get(vector), ADD_PAIRS, I32X4_ADD, set(lanes)),
    )
  const addWord = (load: number, store: number): Code =>
    code(
      isCopy ? code(target, get(start), load, BYTE, 0, store, BYTE, 0) : [],
      code(get(total), get(start), load, BYTE, 0, I32_ADD, set(total)),
    )
  const whileThereAre = (size: number, step: Code): Code =>
    code(
      code(BLOCK, NO_VALUE, LOOP, NO_VALUE),
      code(get(start), number(size), I32_ADD, get(end), I32_GT_U, BRANCH_IF, 1),
      code(step, get(start), number(size), I32_ADD, set(start)),
      code(BRANCH, 0, END, END),
    )
  const lane = (index: number): Code => code(get(first), EXTRACT_LANE, index, I32_ADD)

  return code(
    [2, 1, I32, 3, V128],
    whileThereAre(64, code(add16(0, first), add16(16, second), add16(32, first), add16(48, second))),
    whileThereAre(16, add16(0, first)),
    whileThereAre(2, addWord(I32_LOAD16_U, I32_STORE16)),
    whileThereAre(1, addWord(I32_LOAD8_U, I32_STORE8)),
    code(get(first), get(second), I32X4_ADD, set(first)),
    code(get(total), lane(0), lane(1), lane(2), lane(3), set(total)),
    // Both halves of the total: the sum once folded.
    code(get(total), number(0xffff), I32_AND, get(total), number(16), I32_SHR_U, I32_ADD, END),
  )
}

// Sections (§5.5), types (§5.3) and instructions (§5.4).
const [TYPES, IMPORTS, FUNCTIONS, EXPORTS, CODES] = [1, 2, 3, 7, 10] as const
const [FUNCTION, I32, V128, NO_VALUE] = [0x60, 0x7f, 0x7b, 0x40] as const
const [MEMORY, HAS_MAXIMUM, EXPORTED_FUNCTION, NO_LOCALS] = [2, 1, 0, 0] as const
const [BLOCK, LOOP, END, BRANCH, BRANCH_IF] = [0x02, 0x03, 0x0b, 0x0c, 0x0d] as const
const [I32_LOAD8_U, I32_LOAD16_U, I32_STORE8, I32_STORE16] = [0x2d, 0x2f, 0x3a, 0x3b] as const
const [I32_GT_U, I32_ADD, I32_AND, I32_SHR_U] = [0x4b, 0x6a, 0x71, 0x76] as const
const [V128_LOAD, V128_STORE, EXTRACT_LANE] = [
  [0xfd, 0x00],
  [0xfd, 0x0b],
  [0xfd, 0x1b],
] as const
/** `i32x4.extadd_pairwise_i16x8_u`. */
const ADD_PAIRS = [0xfd, 0x7f] as const
const I32X4_ADD = [0xfd, 0xae, 0x01] as const
const MEMORY_COPY = [0xfc, 0x0a, 0, 0] as const
/** The alignment that an access may count on. */
const BYTE = 0

function code(...parts: readonly (number | Code)[]): Code {
  return parts.flat()
}

function get(local: number): Code {
  return [0x20, local]
}

function set(local: number): Code {
  return [0x21, local]
}

function number(value: number): Code {
  return code(0x41, signed(value))
}

function exported(called: string, index: number): Code {
  return code(name(called), EXPORTED_FUNCTION, index)
}

function section(id: number, entries: readonly Code[]): Code {
  return code(id, sized(code(unsigned(entries.length), ...entries)))
}

function sized(content: Code): Code {
  return code(unsigned(content.length), content)
}

function name(ascii: string): Code {
  return sized(Array.from(ascii, (character) => character.charCodeAt(0)))
}

/** Seven bits a byte, the lowest first, of which all but the last have the eighth bit: LEB128. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : code((value & 0x7f) | 0x80, unsigned(value >>> 7))
}

/** The same, where the last byte's seventh bit is the sign, of a number that is not negative. */
function signed(value: number): Code {
  return value < 0x40 ? [value] : code((value & 0x7f) | 0x80, signed(value >>> 7))
}
