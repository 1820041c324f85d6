import { unikernel } from '@mirage/configure'
import { clock } from '@mirage/configure/devices'

export default unikernel<typeof import('./unikernel.ts')>({
  name: 'heads2',
  main: './unikernel.ts',
  devices: { clock: clock() },
})
