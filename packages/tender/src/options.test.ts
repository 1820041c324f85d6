import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Device } from '@mirage/image/manifest'
import { pathOf } from '@mirage/engine-quickjs/files'
import { cannotRun, guest, guestWith, inFolder, launch } from './testing/run.ts'

const NET: Device = { name: 'service', type: 'NET_BASIC' }
const BLOCK: Device = { name: 'storage', type: 'BLOCK_BASIC' }

describe('the options of the spt launcher', { skip: cannotRun }, () => {
  /** Starts a guest that wants `devices`; the sentence that the launcher ends with. */
  function refusal(devices: readonly Device[], ...options: readonly string[]): string {
    let sentence = ''
    inFolder((path) => {
      const { status, stdout, stderr } = launch(
        ...options,
        guestWith('hello', devices, join(path, 'hello.spt')),
      )
      assert.equal(status, 1, stdout)
      assert.equal(stdout, '')
      sentence = stderr.replace(/^spt: /, '').trimEnd()
    })
    return sentence
  }

  it('say what is missing', () => {
    assert.match(launch().stderr, /^spt: missing IMAGE\nusage: spt /)
    assert.equal(refusal([NET]), "device 'service' of type NET_BASIC is declared but not attached")
    assert.equal(refusal([BLOCK]), "device 'storage' of type BLOCK_BASIC is declared but not attached")
    assert.match(launch('/nonexistent').stderr, /^spt: \/nonexistent: No such file or directory\n$/)
  })

  it('say how they are to be used', () => {
    const { status, stdout } = launch('--help')
    assert.equal(status, 0)
    assert.match(stdout, /^usage: spt /)
  })

  const cases: readonly (readonly [option: string, sentence: string])[] = [
    ['--mem=', "malformed argument to --mem: ''"],
    ['--mem=0', "malformed argument to --mem: '0'"],
    ['--mem=-1', "malformed argument to --mem: '-1'"],
    ['--mem=8x', "malformed argument to --mem: '8x'"],
    ['--mem=99999999999999999999', "malformed argument to --mem: '99999999999999999999'"],
    ['--nothing', "invalid option '--nothing'"],
    ['--net:service', "malformed option '--net:service'"],
    ['--net:=@3', "malformed option '--net:=@3'"],
    ['--net:other=@0', "the image declares no device 'other'"],
    ['--net:serv=@0', "the image declares no device 'serv'"],
    ['--net:storage=@0', "device 'storage' is of type BLOCK_BASIC"],
    ['--net:service=@', "'@' is not a descriptor"],
    ['--net:service=@x', "'@x' is not a descriptor"],
    ['--net:service=@999', 'descriptor 999: Bad file descriptor'],
    ['--net-mac:service=02:00:00:00:00', "'02:00:00:00:00' is not a MAC address"],
    ['--net-mac:service=02:00:00:00:00:011', "'02:00:00:00:00:011' is not a MAC address"],
    ['--block:service=x', "device 'service' is of type NET_BASIC"],
    ['--block:storage=/nonexistent', '/nonexistent: No such file or directory'],
    ['--block-sector-size:storage=521', "'521' is not a block size: a power of two, 512 to 32768"],
    ['--block-sector-size:storage=256', "'256' is not a block size: a power of two, 512 to 32768"],
    ['--block-sector-size:storage=65536', "'65536' is not a block size: a power of two, 512 to 32768"],
  ]
  for (const [option, sentence] of cases) {
    it(`refuse ${option}`, () => assert.equal(refusal([NET, BLOCK], option), sentence))
  }

  it('refuse a disk that has no whole number of blocks', () => {
    inFolder((path) => {
      const disk = join(path, 'disk')
      for (const size of [0, 511, 3 * 2048]) {
        writeFileSync(disk, new Uint8Array(size))
        const options = [`--block:storage=${disk}`, '--block-sector-size:storage=4096']
        assert.match(refusal([BLOCK], ...options), /must have a whole number of blocks of 4096 bytes/)
      }
    })
  })

  it('take a device once', () => {
    inFolder((path) => {
      const option = `--block:storage=${guest('hello')}`
      const image = guestWith('hello', [BLOCK], join(path, 'hello.spt'))
      assert.equal(launch(option, option, image).stderr, "spt: device 'storage' is given twice\n")
    })
  })

  it('take 63 devices', () => {
    inFolder((path) => {
      const disk = join(path, 'disk')
      writeFileSync(disk, new Uint8Array(512))
      const devices = Array.from(
        { length: 63 },
        (_, at): Device => ({ name: `disk${at}`, type: 'BLOCK_BASIC' }),
      )
      const options = devices.map(({ name }) => `--block:${name}=${disk}`)
      const { status, stderr } = launch(...options, guestWith('hello', devices, join(path, 'hello.spt')))
      assert.equal(stderr, '')
      assert.equal(status, 0)
    })
  })

  it('refuse memory that the image does not fit into, and arguments that are too long', () => {
    assert.match(launch('--mem=1', guest('hello')).stderr, /outside of the guest's memory/)
    assert.match(launch(guest('hello'), 'x'.repeat(8192)).stderr, /more than 8191 characters/)
    assert.equal(launch(guest('hello'), 'x'.repeat(8191)).status, 0)
  })

  it('refuse what is no image', () => {
    assert.match(launch(pathOf('spt')).stderr, /not an ELF executable for x86-64/)
    assert.match(launch('/dev/null').stderr, /not a file of a reasonable size/)
  })
})
