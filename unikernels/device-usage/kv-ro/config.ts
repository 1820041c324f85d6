import { unikernel } from '@mirage/configure'
import { kvRo } from '@mirage/configure/devices'

export default unikernel<typeof import('./unikernel.ts')>({
  name: 'kv-ro',
  main: './unikernel.ts',
  devices: { store: kvRo('./t') },
})
