/** The virtio binding on machines of QEMU's, without the engine: what solo5.h promises, and what a broken guest says. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { skipWithout } from '../system.ts'
import { type Entry, build, withManifest, withoutMultiboot, withoutPvh } from './guest.ts'
import { idleShare } from './idle.ts'
import { Machine, type Options, run } from './machine.ts'
import { type Peer, arpRequest, echoRequest, isEchoReply, quit } from './peer.ts'

const SKIP = skipWithout('qemu-system-x86_64') || skipWithout('gcc')

/** Of a processor. */
const IDLE_MAX = 0.03

/** `isa-debug-exit` ends QEMU with this for a guest's status. */
const codeOf = (status: number): number => (status * 2 + 1) & 0xff

let folder = ''
const images = new Map<string, string>()

/** The image of a test guest, with these devices in its manifest. Built once. */
function imageOf(name: string, entries: readonly Entry[] = []): string {
  let image = images.get(name)
  if (image === undefined) images.set(name, (image = build('virtio', name, folder)))
  if (entries.length === 0) return image
  return withManifest(
    image,
    entries
      .map((entry) => entry.name)
      .join('-')
      .slice(0, 100),
    entries,
  )
}

function start(name: string, options: Omit<Options, 'image'>, entries?: readonly Entry[]): Machine {
  return new Machine({ ...options, image: imageOf(name, entries) })
}

before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mirage-virtio-'))
})

after(() => fs.rmSync(folder, { recursive: true, force: true }))

const MACHINES: readonly [name: string, machine: string][] = [
  ['pc', 'pc'],
  ['pc without ACPI', 'pc,acpi=off'],
  ['q35', 'q35'],
  ['microvm', 'microvm'],
  ['microvm without ACPI', 'microvm,acpi=off'],
  ['microvm without interrupt controller, timer and clock of old', 'microvm,pic=off,pit=off,rtc=off'],
]

/** An image is both; with one of the two taken away it is certain which one was used. */
const PROTOCOLS: readonly [name: string, only: (image: string) => string][] = [
  ['multiboot', withoutPvh],
  ['PVH', withoutMultiboot],
]

describe('a virtio image boots', { skip: SKIP, concurrency: 2 }, () => {
  for (const [name, machine] of MACHINES) {
    for (const [protocol, only] of PROTOCOLS) {
      it(`by ${protocol} on ${name}, with its command line and status`, async () => {
        const commandLine = '--solo5:quiet --ipv4=10.0.0.2/24  "two words"'
        const { output, code } = await run({ machine, image: only(imageOf('hello')), commandLine })
        assert.match(output, /^hello \[--ipv4=10\.0\.0\.2\/24 {2}"two words"\]$/m)
        assert.match(output, /^SUCCESS$/m)
        assert.match(output, /^Solo5: solo5_exit\(0\) called$/m)
        assert.equal(code, codeOf(0))
      })
    }

    it(`on ${name}, and switches it off`, async () => {
      const options = { machine, commandLine: 'status', hasDebugExit: false }
      const { output, code } = await start('hello', options).ended
      assert.match(output, /^Solo5: solo5_exit\(42\) called$/m)
      assert.equal(code, 0)
    })
  }

  it('a machine with 3 GiB, and one with 3 MiB', async () => {
    const image = imageOf('hello')
    assert.match(
      (await run({ machine: 'pc', image, memoryMb: 3072 })).output,
      /^heap KiB 31\d{5}$[^]*^SUCCESS$/m,
    )
    assert.match((await run({ machine: 'microvm', image, memoryMb: 3 })).output, /^SUCCESS$/m)
  })

  it('no machine with a command line that is too long, and says so once', async () => {
    const commandLine = 'x'.repeat(9000)
    const options = { machine: 'microvm,acpi=off', commandLine, hasDebugExit: false }
    const { output } = await start('hello', options).ended
    assert.match(
      output,
      /^Solo5: error: the command line is longer than 8191 bytes\r?\nSolo5: solo5_exit\(1\) called\r?\n$/,
    )
  })

  it('a machine that is too small only to say so', async () => {
    const { output, code } = await run({ machine: 'microvm', image: imageOf('hello'), memoryMb: 2 })
    assert.match(output, /^Solo5: error: the machine has too little memory for this image/m)
    assert.equal(code, codeOf(1))
  })
})

describe('a virtio guest that breaks a rule ends with a report', { skip: SKIP, concurrency: 2 }, () => {
  const broken: readonly [what: string, report: RegExp][] = [
    ['null read', /null dereference: read 0x0{16}/],
    ['null write', /null dereference: write 0x0{16}/],
    ['null call', /call of a null function: execute 0x0{16}/],
    ['stack', /stack overflow \(guard page\): write 0x/],
    ['data', /jump to data: execute 0x/],
    ['heap', /jump to data: execute 0x/],
    ['text', /write to read-only text: write 0x/],
    ['constant', /write to read-only data: write 0x/],
    ['unmapped', /access to unmapped memory: read 0x00007fff00000000/],
    ['canonical', /general protection: an address that is not canonical/],
    ['instruction', /invalid instruction/],
    ['syscall', /invalid instruction/],
    ['division', /division by zero/],
  ]
  for (const [index, [what, report]] of broken.entries()) {
    it(what, async () => {
      const machine = index % 2 === 0 ? 'pc' : 'microvm'
      const { output, code } = await run({ machine, image: imageOf('trap'), commandLine: what })
      assert.match(output, report)
      assert.match(output, /rip 0x[0-9a-f]{16}/)
      assert.match(output, /r12 0x[0-9a-f]{16}/)
      assert.doesNotMatch(output, /it went well/)
      assert.match(output, /^Solo5: solo5_exit\(255\) called$/m)
      assert.equal(code, codeOf(255))
    })
  }
})

describe('time in a virtio guest', { skip: SKIP, concurrency: 4 }, () => {
  for (const machine of ['pc', 'microvm', 'microvm,pit=off,pic=off']) {
    it(`goes on as on the host, and sleeps end when they should: ${machine}`, async () => {
      // A host that is busy may let any of them wait, but not every time.
      const least = new Map<number, number>()
      const isLate = ([wanted, took]: [number, number]): boolean => took >= wanted * 1010 + 500_000
      for (let tries = 0; tries < 4 && (tries === 0 || [...least].some(isLate)); tries++) {
        const before = Date.now() / 1000
        const { output } = await start('time', { machine }).ended
        const wall = Number(/^wall (\d+)$/m.exec(output)?.[1])
        assert.ok(wall > before - 60 && wall < Date.now() / 1000 + 60, `the clock says ${wall}`)
        for (const [, wanted, took] of output.matchAll(/^(\d+) ms took us (\d+)$/gm)) {
          assert.ok(Number(took) >= Number(wanted) * 1000, `${wanted} ms took ${took} µs`)
          least.set(Number(wanted), Math.min(Number(took), least.get(Number(wanted)) ?? Infinity))
        }
        assert.match(output, /^SUCCESS$/m)
      }
      assert.equal(least.size, 5)
      assert.deepEqual([...least].filter(isLate), [], 'milliseconds wanted, microseconds taken')
    })
  }

  it('has no date on a machine without a clock, and says so', async () => {
    const { output } = await start('time', { machine: 'microvm,rtc=off' }).ended
    assert.match(output, /warning: the machine has no clock that knows the date/)
    assert.match(output, /^SUCCESS$/m)
  })
})

describe('a virtio guest that waits', { skip: SKIP }, () => {
  // Sleeping in a loop that polls would be 100 %.
  for (const machine of ['pc', 'microvm']) {
    it(`costs the host next to nothing on ${machine}`, async () => {
      const guest = start('time', { machine, commandLine: 'idle' })
      await guest.prints(/^idle$/m)
      await new Promise((resolve) => setTimeout(resolve, 500))
      const share = await idleShare(
        () => guest.processorMs(),
        3000,
        (each) => each <= IDLE_MAX,
      )
      guest.kill()
      assert.ok(share <= IDLE_MAX, `${(share * 100).toFixed(1)} % of a processor`)
    })
  }
})

describe('randomness in a virtio guest', { skip: SKIP }, () => {
  const random = (output: string): string | undefined => /^random ([0-9a-f]{32})$/m.exec(output)?.[1]

  it('comes from the processor', async () => {
    const outputs = [
      await start('hello', { machine: 'pc' }).ended,
      await start('hello', { machine: 'pc' }).ended,
    ]
    for (const { output } of outputs) assert.match(output, /^sources .*rdrand[^]*^random bytes 16$/m)
    assert.notEqual(random(outputs[0]!.output), random(outputs[1]!.output))
  })

  it('comes from a device', async () => {
    for (const [machine, device] of [
      ['pc', 'virtio-rng-pci'],
      ['microvm', 'virtio-rng-device'],
    ] as const) {
      const { output } = await start('hello', { machine, cpu: 'qemu64', devices: ['-device', device] }).ended
      assert.match(output, /^sources virtio-rng\nrandom bytes 16$/m)
    }
  })

  it('is not made up where there is none', async () => {
    const { output } = await start('hello', { machine: 'pc', cpu: 'qemu64' }).ended
    assert.match(output, /^sources\nrandom bytes 0$/m)
  })
})

/** How a device is plugged in: every way in which virtio reaches a guest. */
const TRANSPORTS: readonly [
  name: string,
  machine: string,
  suffix: string,
  options: string,
  more: readonly string[],
][] = [
  ['PCI', 'pc', 'pci', '', []],
  ['modern PCI', 'q35', 'pci', ',disable-legacy=on', []],
  ['legacy PCI', 'pc', 'pci', ',disable-modern=on', []],
  ['legacy MMIO', 'microvm', 'device', '', []],
  ['modern MMIO', 'microvm', 'device', '', ['-global', 'virtio-mmio.force-legacy=false']],
]

/** A device on the network of this number. */
function onNetwork(index: number, device: string): readonly string[] {
  return ['-device', `${device},netdev=n${index},mac=52:54:00:00:00:${(16 + index).toString(16)}`]
}

/** What a guest says first, to everyone: its address is in it. */
async function greet(peer: Peer): Promise<Buffer> {
  const frame = await peer.take()
  assert.equal(frame.readUInt16BE(12), 0x88b5)
  return frame.subarray(6, 12)
}

describe('a network of a virtio guest', { skip: SKIP }, () => {
  for (const [name, machine, suffix, options, more] of TRANSPORTS) {
    it(`carries ARP and pings both ways: ${name}`, async () => {
      const devices = [...more, ...onNetwork(0, `virtio-net-${suffix}${options}`)]
      const guest = start('net', { machine, devices, networks: 1 }, [{ name: 'net0', kind: 'net' }])
      const peer = guest.peers[0]!
      try {
        const mac = await Promise.race([greet(peer), guest.ended.then(({ output }) => assert.fail(output))])
        assert.equal(mac.toString('hex'), '525400000010')
        peer.send(arpRequest(0))
        const reply = await peer.take()
        assert.equal(
          reply.subarray(0, 32).toString('hex'),
          '020000000001525400000010080600010800060400025254000000100a000002',
        )
        for (let i = 0; i < 500; i++) {
          const request = echoRequest(0, mac, i)
          peer.send(request)
          assert.ok(isEchoReply(await peer.take(), request), `ping ${i}`)
        }
        // More at once than the device has buffers: those that are lost are the host's to lose, none is broken.
        const many = Array.from({ length: 300 }, (_, i) => echoRequest(0, mac, i))
        for (const request of many) peer.send(request)
        for (const request of many) assert.ok(isEchoReply(await peer.take(), request))
        peer.send(quit(mac))
        const { output } = await guest.ended
        assert.match(output, /^net0 handle 1$/m)
        assert.match(output, /^mtu 1500$/m)
        assert.match(output, /^answers 801\nSUCCESS$/m)
      } finally {
        guest.kill()
      }
    })
  }

  it('has the size of frames that the device says', async () => {
    const devices = onNetwork(0, 'virtio-net-pci,host_mtu=9000')
    const guest = start('net', { machine: 'pc', devices, networks: 1 }, [{ name: 'net0', kind: 'net' }])
    try {
      await guest.prints(/^mtu 9000$/m)
    } finally {
      guest.kill()
    }
  })

  for (const [machine, device, only] of [
    ['pc', 'virtio-net-pci', withoutPvh],
    ['microvm', 'virtio-net-device', withoutPvh],
    ['microvm,acpi=off', 'virtio-net-device', withoutMultiboot],
  ] as const) {
    it(`is told from others by its place in the manifest: ${machine}`, async () => {
      const entries: readonly Entry[] = [
        { name: 'net1', kind: 'net' },
        { name: 'net0', kind: 'net' },
      ]
      const devices = [0, 1].flatMap((index) => onNetwork(index, device))
      const guest = new Machine({ machine, devices, networks: 2, image: only(imageOf('net', entries)) })
      const { peers } = guest
      try {
        // The first device of the machine is "net1", which answers as 10.0.1.2.
        for (const [index, network] of [1, 0].entries()) {
          const mac = await greet(peers[index]!)
          assert.equal(mac[5], 16 + index)
          const request = echoRequest(network, mac, 7)
          peers[index]!.send(request)
          assert.ok(isEchoReply(await peers[index]!.take(), request))
        }
        await guest.prints(/^net0 handle 2$/m)
      } finally {
        guest.kill()
      }
    })
  }

  for (const [who, machine, commandLine, only] of [
    // QEMU's first device is in the last of 24 places of 512 bytes; nothing is looked for in others.
    [
      'the user',
      'microvm',
      'one virtio_mmio.device=512@0xfeb02e00:47 two virtio_mmio.device=512@0xfeb00000:1',
      withoutPvh,
    ],
    // Told only to those that know PVH.
    ['QEMU', 'microvm,acpi=off', 'one two', withoutMultiboot],
  ] as const) {
    it(`is where ${who} says it is on the command line, which the application does not see`, async () => {
      const devices = onNetwork(0, 'virtio-net-device')
      const image = only(imageOf('hello', [{ name: 'net0', kind: 'net' }]))
      const { output } = await run({ machine, image, devices, networks: 1, commandLine })
      assert.match(output, /^hello \[one two\]$/m)
    })
  }

  it('can be one of 63', async () => {
    const bridges = [0, 1, 2].flatMap((bus) => ['-device', `pci-bridge,id=b${bus},chassis_nr=${bus + 1}`])
    const entries = Array.from({ length: 63 }, (_, i): Entry => ({ name: `net${i}`, kind: 'net' }))
    const places = entries.flatMap((_, i) => {
      const place = `bus=b${Math.floor(i / 25)},addr=${((i % 25) + 1).toString(16)}`
      return onNetwork(i, `virtio-net-pci,${place}`)
    })
    const options = { machine: 'pc', memoryMb: 96, devices: [...bridges, ...places], networks: 63 }
    const guest = start('net', options, entries)
    const last = guest.peers[62]!
    try {
      await guest.prints(/^networks 63$/m)
      const mac = await greet(last)
      const request = echoRequest(62, mac, 1)
      last.send(request)
      assert.ok(isEchoReply(await last.take(), request))
    } finally {
      guest.kill()
    }
  })

  it('that the machine does not have is named, and nothing starts', async () => {
    const { output, code } = await start('net', { machine: 'pc' }, [{ name: 'service', kind: 'net' }]).ended
    assert.match(
      output,
      /^Solo5: error: the network device 'service' is declared, but the machine has none left for it$/m,
    )
    assert.equal(code, codeOf(1))
  })
})

describe('a disk of a virtio guest', { skip: SKIP }, () => {
  const BLOCKS = 400

  for (const [name, machine, suffix, options, more] of TRANSPORTS) {
    for (const blockSize of suffix === 'pci' ? [512, 4096] : [512]) {
      it(`holds what was written from any place, for the host too: ${name}, ${blockSize}`, async () => {
        const file = path.join(folder, 'disk')
        fs.writeFileSync(file, Buffer.alloc(BLOCKS * blockSize))
        const sizes = `,logical_block_size=${blockSize},physical_block_size=${blockSize}`
        const devices = [
          ...more,
          '-drive',
          `id=d0,file=${file},if=none,format=raw`,
          '-device',
          `virtio-blk-${suffix}${options},drive=d0${sizes}`,
        ]
        const { output } = await start('block', { machine, devices }, [{ name: 'storage', kind: 'block' }])
          .ended
        assert.match(output, new RegExp(`^capacity ${BLOCKS * blockSize}\nblock size ${blockSize}$`, 'm'))
        assert.match(output, /^SUCCESS$/m)
        const disk = fs.readFileSync(file)
        for (let i = 0; i < BLOCKS; i++) {
          const block = Buffer.from(Array.from({ length: blockSize }, (_, j) => (i * 31 + j * 7) & 0xff))
          block[0] = i & 0xff
          block[1] = i >> 8
          assert.ok(disk.subarray(i * blockSize, (i + 1) * blockSize).equals(block), `block ${i}`)
        }
      })
    }
  }

  it('that is read-only is not written', async () => {
    const file = path.join(folder, 'disk')
    fs.writeFileSync(file, Buffer.alloc(4096, 0x33))
    const devices = [
      '-drive',
      `id=d0,file=${file},if=none,format=raw,readonly=on`,
      '-device',
      'virtio-blk-pci,drive=d0',
    ]
    const { output } = await start('block', { machine: 'pc', devices }, [{ name: 'storage', kind: 'block' }])
      .ended
    assert.match(output, /^wrong: write, result 3$/m)
    assert.ok(fs.readFileSync(file).every((byte) => byte === 0x33))
  })
})
