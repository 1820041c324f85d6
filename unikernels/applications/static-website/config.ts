import { unikernel } from '@mirage/configure'
import { clock, kvRo, stack } from '@mirage/configure/devices'

export default unikernel<typeof import('./unikernel.ts')>({
  name: 'static-website',
  main: './unikernel.ts',
  devices: { clock: clock(), stack: stack(), files: kvRo('./htdocs') },
  publish: ['8080:80'],
})
