import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { attachments, unavailable } from './attachment.ts'
import type { Device } from './device.ts'
import { clock, directKv, fileBlock, network, stack } from './devices.ts'
import { type Graph, resolve } from './graph.ts'
import { text } from './option.ts'

function graphOf(devices: Record<string, Device<unknown>>): Graph {
  return resolve(
    { kind: 'unikernel', name: 'test', main: './main.ts', devices, publish: [], options: [] },
    {},
  )
}

/** Kind and name of everything that `devices` want attached. */
function names(devices: Record<string, Device<unknown>>, choices = {}): readonly string[] {
  return attachments(graphOf(devices), choices).map(({ kind, name }) => `${kind} ${name}`)
}

describe('what an image wants attached', () => {
  it('is nothing, where nothing is from outside', () => {
    assert.deepEqual(names({ clock: clock() }), [])
  })

  it('is a network called service, once for all who share it', () => {
    assert.deepEqual(names({ stack: stack(), net: network() }), ['net service'])
  })

  it('is a network called as its group', () => {
    assert.deepEqual(names({ a: network(), b: network({ group: 'admin' }) }), ['net service', 'net admin'])
  })

  it('is a disk called as its file, of letters and digits that no other has', () => {
    const disks = { a: fileBlock('./data/disk-1.img'), b: fileBlock('disk1'), c: fileBlock('/x/…') }
    assert.deepEqual(names(disks), ['block disk1', 'block disk12', 'block storage'])
  })

  it('is the disk whose file an option names', () => {
    const option = text('disk', { default: './a.img', doc: 'The disk.' })
    const graph = graphOf({ disk: fileBlock(option) })
    assert.deepEqual(
      attachments(graph, { disk: './b.img' }).map(({ name, path }) => [name, path]),
      [['b', './b.img']],
    )
  })
})

describe('what a target does not have', () => {
  it('is a folder of the host on a machine, in one sentence', () => {
    const graph = graphOf({ files: directKv('./htdocs') })
    assert.deepEqual(unavailable(graph, 'unix'), [])
    assert.match(unavailable(graph, 'spt').join(), /^files: a folder of the host .*spt/)
  })

  it('is nothing of a network and a disk', () => {
    assert.deepEqual(unavailable(graphOf({ stack: stack(), disk: fileBlock('a') }), 'virtio'), [])
  })
})
