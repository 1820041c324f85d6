import { unikernel } from '@mirage/configure'
import { match } from '@mirage/configure/device'
import { clock, directKv, memoryKv, random, stack } from '@mirage/configure/devices'
import { oneOf } from '@mirage/configure/option'

const store = oneOf('leases', ['memory', 'folder'], {
  default: 'memory',
  doc: 'Where leases are: in memory, gone with the unikernel; or in ./leases, a folder of the host.',
})

export default unikernel<typeof import('./unikernel.ts')>({
  name: 'dhcp-server',
  main: './unikernel.ts',
  devices: {
    clock: clock(),
    random: random(),
    stack: stack(),
    leases: match(store, { memory: memoryKv(), folder: directKv('./leases') }),
  },
})
