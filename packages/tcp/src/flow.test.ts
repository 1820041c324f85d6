import { polledFlowContract } from '@mirage/flow/contract'
import type { TcpFlow } from './tcp.ts'
import { B, rig } from './testing/rig.ts'

polledFlowContract('a TCP connection', async () => {
  const { a, b, run, pass } = rig()
  const accepted = new Promise<TcpFlow>((resolve) => {
    b.listen(80, resolve)
  })
  const opened = await run(a.connect({ address: B, port: 80 }))
  if (!opened.ok) throw new Error(opened.error)
  return { a: opened.value, b: await accepted, settle: () => pass(1500) }
})
