/** TCP out of the unikernel: a connection is answered once the host's own to the same place is open. */
import * as endpoint from '@mirage/address/endpoint'
import type { Cidr } from '@mirage/address/ipv4'
import type { Source } from '@mirage/console/logs'
import type { Request } from '@mirage/tcp'
import { outside } from './addresses.ts'
import type { Counters } from './counters.ts'
import { DNS_PORT } from './dns.ts'
import type { Flows } from './flows.ts'
import type { Host } from './host.ts'

interface Needs {
  readonly host: Host
  readonly flows: Flows
  readonly counters: Counters
  readonly cidr: Cidr
  readonly log: Source
}

/**
 * Decides about a SYN. Whatever keeps the host from connecting is a reset for the unikernel, also what takes
 * the host a long time to find out: a connection that fails at once says more than one that hangs.
 */
export async function output(request: Request, { host, flows, counters, cidr, log }: Needs): Promise<void> {
  const to = outside(request.local, cidr)
  if (to === undefined || !flows.reserve()) {
    counters.tcpOutRefused += 1
    return request.refuse()
  }
  const isToNameServer = request.local.address === cidr.address && request.local.port === DNS_PORT
  const outer = await (isToNameServer ? host.connectNameServer() : host.connect(to))
  if (!outer.ok) {
    counters.tcpOutFailed += 1
    log.info(() => `connection to ${endpoint.format(request.local)}: ${outer.error}`)
    flows.release()
    return request.refuse()
  }
  const inner = await request.accept()
  if (!inner.ok) {
    counters.tcpOutFailed += 1
    flows.release()
    return outer.value.abort()
  }
  counters.tcpOut += 1
  await flows.join(inner.value, outer.value)
}
