import { unikernel } from '@mirage/configure'
import { console, info } from '@mirage/configure/devices'

export default unikernel<typeof import('./unikernel.ts')>({
  name: 'app-info',
  main: './unikernel.ts',
  devices: { console: console(), info: info() },
})
