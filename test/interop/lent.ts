/** Devices for one test after the other. */
import type { ManualClock } from '@mirage/clock/manual'
import type { Net } from '@mirage/net'

/** `net`, which goes on when its stack is disconnected. */
export function lent(net: Net): Net {
  return {
    mac: net.mac,
    mtu: net.mtu,
    counters: net.counters,
    write: (size, fill, offload) => net.write(size, fill, offload),
    listen: (receive) => net.listen(receive),
    resetCounters: () => net.resetCounters(),
    disconnect: () => net.listen(() => {}),
  }
}

/** How much of time passes at once, in milliseconds. */
const STEP = 20

/**
 * Lets `clock` go on `pace` times as fast as time does here, until what it returns is called. It takes small steps, with
 * what has arrived in between: a machine that lets this process wait makes nothing late that is there already.
 */
export function goOn(clock: ManualClock, pace = 1): () => void {
  const timer = setInterval(() => clock.advance(STEP * pace), STEP)
  return () => clearInterval(timer)
}
