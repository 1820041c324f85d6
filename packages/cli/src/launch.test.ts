import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { missing } from '@mirage/engine-quickjs/files'
import type { Built } from './built.ts'
import { launch } from './launch.ts'
import type { Machine, Wiring } from './machine.ts'
import { isThere } from './qemu.ts'

const PROJECT = { folder: '/project', config: '/project/config.ts', cache: '/project/.mirage' }
const BUILT: Built = {
  name: 'site',
  target: 'spt',
  image: 'dist/site.spt',
  size: 1,
  gzipSize: 1,
  parts: [],
  interfaces: [],
  attached: [
    { kind: 'net', name: 'service', node: 'net', group: undefined, path: undefined },
    { kind: 'block', name: 'disk', node: 'block', group: undefined, path: './disk.img' },
    { kind: 'net', name: 'admin', node: 'net-2', group: 'admin', path: undefined },
  ],
  publish: [],
}
const USUAL: Machine = { memory: undefined, disks: new Map() }

async function args(target: string, machine: Machine, wiring: Wiring): Promise<string> {
  const built = { ...BUILT, target, image: `dist/site.${target}` }
  const command = await launch(PROJECT, built, machine, ['--port=80'], wiring)
  assert.ok(command.ok)
  return command.value.args.join(' ')
}

describe('the command for a sealed process', { skip: missing('spt') }, () => {
  it('attaches every device by its name, the networks as streams from descriptor 3 on', async () => {
    assert.equal(
      await args('spt', USUAL, 'streams'),
      '--mem=256 --net:service=stream:3 --block:disk=./disk.img --net:admin=stream:4 -- /project/dist/site.spt --port=80',
    )
  })

  it('takes the memory and the file that a person names, and TAP devices for a terminal', async () => {
    const machine = { memory: 24, disks: new Map([['disk', '/other']]) }
    assert.equal(
      await args('spt', machine, 'taps'),
      '--mem=24 --net:service=tap0 --block:disk=/other --net:admin=tap1 -- /project/dist/site.spt --port=80',
    )
  })

  it('inherits TAP devices that the tool has opened', async () => {
    assert.match(await args('spt', USUAL, 'open-taps'), /--net:service=@3 .* --net:admin=@4 /)
  })

  it('has the group of each network, whose arguments say where it is', async () => {
    const command = await launch(PROJECT, BUILT, USUAL, [], 'streams')
    assert.deepEqual(command.ok && command.value.networks, [undefined, 'admin'])
  })

  it('is refused with a disk that the unikernel does not have', async () => {
    const command = await launch(PROJECT, BUILT, { ...USUAL, disks: new Map([['x', '/y']]) }, [], 'taps')
    assert.deepEqual(command.ok ? [] : command.error.problems, [
      { message: 'option --disk: site has no disk x' },
    ])
  })
})

describe('the command for a machine', { skip: !isThere() && 'needs qemu-system-x86_64' }, () => {
  it('has its devices in the order of the manifest, after the one for randomness', async () => {
    const found = (await args('virtio', USUAL, 'streams')).matchAll(/-device (virtio-\w+)-device/g)
    assert.deepEqual(
      [...found].map(([, device]) => device),
      ['virtio-rng', 'virtio-net', 'virtio-blk', 'virtio-net'],
    )
  })

  it('has QEMU take the networks as streams on descriptors, or as TAP devices', async () => {
    assert.match(await args('virtio', USUAL, 'streams'), /stream,id=d2,server=off,addr.type=fd,addr.str=4/)
    assert.match(await args('virtio', USUAL, 'taps'), /tap,id=d2,ifname=tap1,script=no,downscript=no/)
  })

  it('ends with the tool, where the host can have it so; not the one that a person is shown', async () => {
    const programs = (['streams', 'open-taps', 'taps'] as const).map(async (wiring) => {
      const command = await launch(PROJECT, { ...BUILT, target: 'virtio' }, USUAL, [], wiring)
      assert.ok(command.ok)
      return [command.value.program, ...command.value.args].join(' ')
    })
    const [streams, taps, shown] = await Promise.all(programs)
    assert.match(shown!, /^\S*qemu-system-x86_64 -accel/)
    const { status } = spawnSync('setpriv', ['--pdeathsig', 'TERM', 'true'])
    const program = status === 0 ? /^setpriv --pdeathsig TERM \S*qemu-system-x86_64 -accel/ : /^\S*qemu/
    assert.match(streams!, program)
    assert.match(taps!, program)
  })

  it('takes the status that the guest told last, and 255 where it told none', async () => {
    const command = await launch(PROJECT, { ...BUILT, target: 'virtio' }, USUAL, [], 'taps')
    const told = command.ok ? command.value.told : undefined
    assert.equal(told?.('hello\nSolo5: solo5_exit(63) called\n'), 63)
    assert.equal(told?.('Solo5: solo5_exit(0) called\nand then more\n'), 255)
  })

  it('is a larger machine where the small one has no place for all devices', async () => {
    const net = BUILT.attached[0]!
    const attached = Array.from({ length: 8 }, (_, index) => ({ ...net, name: `n${index}` }))
    const command = await launch(PROJECT, { ...BUILT, target: 'virtio', attached }, USUAL, [], 'taps')
    assert.match(
      command.ok ? command.value.args.join(' ') : '',
      /-machine pc .*virtio-rng-pci.*virtio-net-pci/,
    )
  })
})
