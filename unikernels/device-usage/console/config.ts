import { unikernel } from '@mirage/configure'
import { clock, console } from '@mirage/configure/devices'

export default unikernel<typeof import('./unikernel.ts')>({
  name: 'console',
  main: './unikernel.ts',
  devices: { clock: clock(), console: console() },
})
