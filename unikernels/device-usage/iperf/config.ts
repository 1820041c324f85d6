import { unikernel } from '@mirage/configure'
import { clock, random, stack } from '@mirage/configure/devices'

export default unikernel<typeof import('./unikernel.ts')>({
  name: 'iperf',
  main: './unikernel.ts',
  devices: { clock: clock(), random: random(), stack: stack() },
  publish: ['5201:5201', '5201:5201/udp'],
})
