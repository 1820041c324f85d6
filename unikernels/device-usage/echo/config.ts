import { unikernel } from '@mirage/configure'
import { stack } from '@mirage/configure/devices'

export default unikernel<typeof import('./unikernel.ts')>({
  name: 'echo',
  main: './unikernel.ts',
  devices: { stack: stack() },
  publish: ['7007:7', '7007:7/udp', '5353:53/udp'],
})
