import { unikernel } from '@mirage/configure'
import { stack } from '@mirage/configure/devices'

export default unikernel<typeof import('./unikernel.ts')>({
  name: 'network',
  main: './unikernel.ts',
  devices: { stack: stack() },
  publish: ['8080:8080', '8080:8080/udp'],
})
