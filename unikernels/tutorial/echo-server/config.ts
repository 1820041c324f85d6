import { unikernel } from '@mirage/configure'
import { clock, random } from '@mirage/configure/devices'

export default unikernel<typeof import('./unikernel.ts')>({
  name: 'echo-server',
  main: './unikernel.ts',
  devices: { clock: clock(), random: random() },
})
