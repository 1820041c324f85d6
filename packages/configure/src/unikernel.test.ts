/** What the compiler says to a wrong `config.ts`; each of these lines is a promise. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Clock } from '@mirage/clock'
import type { KvReader } from '@mirage/kv'
import type { Result } from '@mirage/result'
import type { Stack } from '@mirage/stack'
import { device, match } from './device.ts'
import { clock, crunch, directKv, memoryKv, network, stack } from './devices.ts'
import { oneOf } from './option.ts'
import { unikernel } from './unikernel.ts'

/** Stand-ins for `typeof import('./unikernel.ts')`. */
interface Website {
  args: object
  start(devices: { stack: Stack; files: KvReader }, args: { port: number }): Promise<void>
}
interface Noop {
  start(): Promise<void>
}
interface Led {
  connect(needs: { clock: Clock }, args: { colour: string }): Promise<Result<{ on(): void }, string>>
}
interface Blinker {
  start(devices: { led: { on(): void } }): Promise<void>
}

const site = { name: 'site', main: './unikernel.ts' }

describe('unikernel', () => {
  it('keeps what it was given', () => {
    const files = crunch('./htdocs')
    const made = unikernel<Website>({ ...site, devices: { stack: stack(), files }, publish: ['8080:80'] })
    assert.equal(made.devices['files'], files)
    assert.deepEqual(made.publish, ['8080:80'])
  })

  it('takes a store that can do more than it has to', () => {
    unikernel<Website>({ ...site, devices: { stack: stack(), files: memoryKv() } })
    unikernel<Website>({ ...site, devices: { stack: stack(), files: directKv('./htdocs') } })
  })

  it('takes no devices where start takes none', () => {
    unikernel<Noop>({ name: 'noop', main: './unikernel.ts', devices: {} })
    // @ts-expect-error start takes no devices
    unikernel<Noop>({ name: 'noop', main: './unikernel.ts', devices: { clock: clock() } })
  })

  it('refuses a missing device', () => {
    // @ts-expect-error files is missing
    unikernel<Website>({ ...site, devices: { stack: stack() } })
  })

  it('refuses a device that start does not take', () => {
    // @ts-expect-error nobody asked for a clock
    unikernel<Website>({ ...site, devices: { stack: stack(), files: crunch('.'), clock: clock() } })
  })

  it('refuses a network where a store is wanted', () => {
    // @ts-expect-error files is a store
    unikernel<Website>({ ...site, devices: { stack: stack(), files: network() } })
  })

  it('refuses a module without start', () => {
    // @ts-expect-error a device is not a main module
    unikernel<Led>({ ...site, devices: {} })
  })
})

describe('device', () => {
  it('gives what connect of its module gives', () => {
    const led = device<Led>({ name: 'led', module: './led.ts', needs: { clock: clock() } })
    unikernel<Blinker>({ name: 'blinker', main: './unikernel.ts', devices: { led } })
    // @ts-expect-error a led is not a store
    unikernel<Website>({ ...site, devices: { stack: stack(), files: led } })
  })

  it('refuses what its module does not need, and misses what it does', () => {
    // @ts-expect-error clock is missing
    device<Led>({ name: 'led', module: './led.ts', needs: {} })
    // @ts-expect-error a network is not a clock
    device<Led>({ name: 'led', module: './led.ts', needs: { clock: network() } })
  })
})

describe('match', () => {
  const store = oneOf('store', ['memory', 'folder'], { default: 'memory', doc: 'Where the files are.' })

  it('gives what all its cases are', () => {
    const files = match(store, { memory: memoryKv(), folder: crunch('./htdocs') })
    unikernel<Website>({ ...site, devices: { stack: stack(), files } })
  })

  it('refuses a missing case, and one too many', () => {
    // @ts-expect-error folder has no case
    match(store, { memory: memoryKv() })
    // @ts-expect-error nothing is called tape
    match(store, { memory: memoryKv(), folder: memoryKv(), tape: memoryKv() })
  })

  it('refuses a default that is no value', () => {
    // @ts-expect-error tape is no value
    assert.ok(oneOf('store', ['memory'], { default: 'tape', doc: '' }))
  })
})
