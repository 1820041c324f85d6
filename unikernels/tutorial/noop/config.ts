import { unikernel } from '@mirage/configure'

export default unikernel<typeof import('./unikernel.ts')>({
  name: 'noop',
  main: './unikernel.ts',
  devices: {},
})
