/** Everything that reads bytes which others wrote, with what is right to begin from. */
import * as cores from './targets/cores.ts'
import { http } from './targets/http.ts'
import * as ipv6 from './targets/ipv6.ts'
import * as parsers from './targets/parsers.ts'
import { router } from './targets/router.ts'
import { routerFrames } from './targets/router-frames.ts'
import * as routerIpv6 from './targets/router-ipv6.ts'
import { stack } from './targets/stack.ts'
import type { Target } from './fuzz.ts'

/** Each of them once. */
export async function targets(): Promise<readonly Target[]> {
  return [
    await stack(),
    await routerFrames(),
    ...(await routerIpv6.all()),
    ...(await parsers.all()),
    ...cores.all(),
    ...ipv6.all(),
    router(),
    http(),
  ]
}
