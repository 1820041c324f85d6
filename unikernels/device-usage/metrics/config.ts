import { unikernel } from '@mirage/configure'
import { clock, stack } from '@mirage/configure/devices'

export default unikernel<typeof import('./unikernel.ts')>({
  name: 'metrics',
  main: './unikernel.ts',
  devices: { clock: clock(), stack: stack() },
  publish: ['9100:9100'],
})
