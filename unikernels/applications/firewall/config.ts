import { unikernel } from '@mirage/configure'
import { clock, random, stack } from '@mirage/configure/devices'

export default unikernel<typeof import('./unikernel.ts')>({
  name: 'firewall',
  main: './unikernel.ts',
  devices: {
    clock: clock(),
    random: random(),
    outside: stack({ group: 'outside' }),
    inside: stack({ group: 'inside' }),
  },
})
