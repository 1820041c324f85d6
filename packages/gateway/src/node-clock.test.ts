import { setTimeout } from 'node:timers/promises'
import { clockContract } from '@mirage/clock/contract'
import { nodeClock } from './node-clock.ts'

clockContract('the clock of a gateway', () => ({
  clock: nodeClock(),
  pass: (duration) => setTimeout(duration + 2),
}))
