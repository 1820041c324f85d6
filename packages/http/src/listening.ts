/** Listening to a flow in place of reading it: what arrives is handed over as it lies, until something is not wanted so. */
import type { FlowError } from '@mirage/flow'
import type { Input } from './input.ts'
import type { ServedFlow } from './output.ts'

/** Takes text that is lent until it returns. */
export type Hear = (frame: Uint8Array, offset: number, end: number) => void

export class Listening {
  private readonly flow: ServedFlow
  private readonly input: Input
  private readonly hear: Hear
  private readonly silent: () => void
  private isOn = false

  /** Hands what arrives on `flow`, which `input` reads otherwise, to `hear`; calls `silent` once nothing more will come. */
  constructor(flow: ServedFlow, input: Input, hear: Hear, silent: () => void) {
    this.flow = flow
    this.input = input
    this.hear = hear
    this.silent = silent
  }

  /** Begins, unless the flow cannot be listened to, is being read, or has ended: then says false. */
  begin(): boolean {
    const { flow, input } = this
    if (flow.listen === undefined || input.isReading || input.ended !== undefined) return false
    this.isOn = true
    input.isReading = true
    flow.listen(this.heard, this.fellSilent)
    return true
  }

  /** Ends it, while `hear` runs: what that was handed from `from` on is there to be read. */
  stop(from: number): void {
    if (!this.isOn) return
    this.isOn = false
    this.input.isReading = false
    this.flow.unlisten!(from)
  }

  /** Ends it where the flow is about to be closed: nothing more is handed over. Whether it had begun. */
  leave(): boolean {
    const wasOn = this.isOn
    this.isOn = false
    return wasOn
  }

  private readonly heard: Hear = (frame, offset, end) => {
    if (this.isOn) this.hear(frame, offset, end)
  }

  private readonly fellSilent = (how: 'eof' | FlowError): void => {
    if (!this.leave()) return
    this.input.ended = how
    this.silent()
  }
}
