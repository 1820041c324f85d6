import { unikernel } from '@mirage/configure'
import { clock } from '@mirage/configure/devices'

export default unikernel<typeof import('./unikernel.ts')>({
  name: 'hello',
  main: './unikernel.ts',
  devices: { clock: clock() },
})
