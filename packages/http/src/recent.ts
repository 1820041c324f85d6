/** The head that was read last: most requests begin with the bytes of the one before, whoever sent it. */
import { copy } from '@mirage/bytes/copy'
import { Head } from './parse.ts'

/** A longer head is read anew each time. */
const SIZE_MAX = 1024

/**
 * One for all connections of a server, which all have the same limits: the same bytes are the same head. Comparing those
 * of a short request takes 40 ns, where reading them, and decoding the path, takes 250.
 */
export class Recent {
  private readonly bytes = new Uint8Array(SIZE_MAX)
  private head: Head = new Head()
  private text: Uint8Array | undefined = undefined

  /** The head that `bytes` begin with at `start`, if it is the one of before, whole. It is done, and changes no more. */
  find(bytes: Uint8Array, start: number, end: number): Head | undefined {
    const { head, bytes: kept } = this
    const { length } = head
    if (length === 0 || end - start < length) return undefined
    for (let i = 0; i < length; i++) if (bytes[start + i] !== kept[i]) return undefined
    return head
  }

  /** The bytes of the head that was found, which do not change any more. */
  found(): Uint8Array {
    return (this.text ??= this.bytes.slice(0, this.head.length))
  }

  /** Remembers `head`, which was read from `bytes` at `start`, and is done. */
  keep(bytes: Uint8Array, start: number, head: Head): void {
    if (head.length > SIZE_MAX) return
    copy(this.bytes, 0, bytes, start, head.length)
    this.head = head
    this.text = undefined
  }
}
