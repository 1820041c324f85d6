/** How long a question to our stack takes over a TAP device, and how long one to a program in C that does nothing else. */
import { err, ok } from '@mirage/result'
import { Awake } from './awake.ts'
import type { Bench } from './bench.ts'
import { InC, THEIRS, program } from './in-c.ts'
import { OURS, type OnTap, keep, onTap, remove } from './on-tap.ts'

const PORT = 7
const COUNT = 5000
/** Else it is by chance which of the two has to wake a processor, and that decides. */
const awake = keep(new Awake())

let rig: OnTap | undefined

async function ours(): Promise<OnTap> {
  if (rig !== undefined) return rig
  rig = await onTap(true)
  const { udp } = rig.stack
  udp.listen(PORT, ({ src, payload }) => udp.write(src, payload, { srcPort: PORT }))
  return rig
}

let echo: InC | undefined

function asking(address: string): readonly string[] {
  return ['ask', address, String(PORT), String(COUNT)]
}

const bench: Bench = {
  what: `64 bytes by UDP to our stack and back over TAP, median of ${COUNT}`,
  unit: 'µs',
  runs: 7,
  async measure() {
    const { host } = await ours()
    return Number(await host.run(program, ...asking(OURS)))
  },
  reference: {
    what: 'a program in C on a TAP that sends every datagram back',
    async measure() {
      echo ??= keep(new InC('echo'))
      const median = Number(await echo.run(program, ...asking(THEIRS)))
      return median > 0 ? ok(median) : err('nobody answered')
    },
  },
  target: { atMost: 1.3 },
  async stop() {
    rig?.stack.disconnect()
    for (const each of [rig?.host, echo, awake]) if (each !== undefined) remove(each)
  },
}

export default bench
