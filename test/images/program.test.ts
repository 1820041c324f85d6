/** Images of the virtio base with a program: that it is loaded by either protocol, and named where the guest breaks. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { missing, pathOf } from '../../packages/engine-quickjs/src/files.ts'
import { assemble } from '../../packages/image/src/image.ts'
import { until } from '../patience.ts'
import { skipWithout } from '../system.ts'
import { withoutMultiboot, withoutPvh } from './guest.ts'
import { Machine, run } from './machine.ts'

const SKIP = missing('base-virtio.elf', 'qjs-compile') || skipWithout('qemu-system-x86_64')

const PROGRAM = `
  const say = (text) => solo5.consoleWrite(Uint8Array.from(text, (each) => each.charCodeAt(0)), 0, text.length)
  function busy() {
    for (;;);
  }
  function waiting() {
    solo5.yield(1e12, new Uint32Array(2))
  }
  say('the program runs\\n')
  if (solo5.commandLine === 'busy') busy()
  if (solo5.commandLine === 'waiting') waiting()
`

describe('a program in a virtio image', { skip: SKIP }, () => {
  let folder = ''
  let image = ''

  before(() => {
    if (SKIP !== false) return
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mirage-program-'))
    const [source, bytecode] = [path.join(folder, 'program.js'), path.join(folder, 'program.bytecode')]
    fs.writeFileSync(source, PROGRAM)
    execFileSync(pathOf('qjs-compile'), [source, bytecode])
    const made = assemble(fs.readFileSync(pathOf('base-virtio.elf')), fs.readFileSync(bytecode), [])
    assert.ok(made.ok)
    image = path.join(folder, 'program.elf')
    fs.writeFileSync(image, made.value)
  })

  after(() => {
    if (folder !== '') fs.rmSync(folder, { recursive: true })
  })

  for (const [protocol, only] of [
    ['multiboot', withoutPvh],
    ['PVH', withoutMultiboot],
  ] as const) {
    for (const machine of ['pc', 'microvm']) {
      it(`is loaded by ${protocol} on ${machine}, into a machine of 8 MiB`, async () => {
        const { output } = await run({ machine, image: only(image), memoryMb: 8 })
        assert.match(output, /^the program runs\nSolo5: solo5_exit\(0\) called$/m)
      })
    }
  }

  for (const [what, where] of [
    ['busy', /^JavaScript was in\n {4}at busy \(program\.js:\d+/m],
    ['waiting', /^JavaScript was in\n {4}at yield \(native\)\n {4}at waiting \(program\.js:\d+/m],
  ] as const) {
    it(`is named in the report that a monitor asks for: ${what}`, async () => {
      const monitor = path.join(folder, what)
      const devices = ['-monitor', `unix:${monitor},server=on,wait=off`]
      const guest = new Machine({ machine: 'microvm', image, commandLine: what, devices })
      await guest.prints(/the program runs/)
      await comeBack(guest)
      const socket = net.connect(monitor, () => socket.write('nmi\n')).on('error', () => {})
      const { output } = await guest.ended
      socket.destroy()
      assert.match(output, /^Solo5: trap: non-maskable interrupt$/m)
      assert.match(output, where)
      assert.match(output, /^Solo5: solo5_exit\(255\) called$/m)
    })
  }
})

/** Waits until `guest` has come back from saying something: by now it has done much else, or waits. */
async function comeBack(guest: Machine): Promise<void> {
  const enough = guest.processorMs() + 200
  let asleep = 0
  await until(
    () => 'it has come back',
    () => {
      asleep = guest.isAsleep() ? asleep + 1 : 0
      return asleep === 3 || guest.processorMs() > enough
    },
  )
}
