/** Devices for one test after the other. */
import type { Cancel, Clock, Millis } from '@mirage/clock'
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

/** `clock`, on which `factor` seconds pass in one. */
export function hurried(clock: Clock, factor: number): Clock {
  const since = clock.now()
  return {
    now: () => since + (clock.now() - since) * factor,
    wall: () => clock.wall(),
    timezoneOffset: () => clock.timezoneOffset(),
    at: (deadline: Millis, task: () => void): Cancel => clock.at(since + (deadline - since) / factor, task),
  }
}
