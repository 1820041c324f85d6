/** The graph: what is asked, what is chosen, and in which order it is connected. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ok } from '@mirage/result'
import { type Device, constant, leaf, match } from './device.ts'
import { clock, crunch, directKv, kvRo, memoryKv, network, random, stack } from './devices.ts'
import { type Graph, optionsOf, pick, problems, resolve } from './graph.ts'
import { flag, kvRoOption, netOption, oneOf, target, text } from './option.ts'
import { dot, mermaid } from './picture.ts'
import type { Unikernel } from './unikernel.ts'

function unikernelOf(devices: Record<string, Device<unknown>>, more: Partial<Unikernel> = {}): Unikernel {
  return {
    kind: 'unikernel',
    name: 'site',
    main: './unikernel.ts',
    devices,
    publish: [],
    options: [],
    ...more,
  }
}

function order({ nodes }: Graph): readonly string[] {
  return nodes.map(({ name }) => name)
}

describe('resolve', () => {
  it('connects every device after what it needs', () => {
    const graph = resolve(unikernelOf({ stack: stack() }), {})
    assert.deepEqual(order(graph), ['net', 'clock', 'random', 'stack'])
    assert.deepEqual(graph.nodes.at(-1)?.needs, { net: 'net', clock: 'clock', random: 'random' })
    assert.deepEqual(graph.devices, { stack: 'stack' })
  })

  it('connects a device once, however many need it', () => {
    const graph = resolve(unikernelOf({ stack: stack(), time: clock(), net: network(), dice: random() }), {})
    assert.deepEqual(order(graph), ['net', 'time', 'dice', 'stack'])
  })

  it('takes two stores for two stores', () => {
    const graph = resolve(unikernelOf({ one: memoryKv(), other: memoryKv() }), {})
    assert.deepEqual(order(graph), ['clock', 'one', 'other'])
  })

  it('keeps networks of different groups apart, and those of one together', () => {
    assert.equal(network(), network())
    assert.equal(network({ group: 'admin' }), network({ group: 'admin' }))
    const graph = resolve(unikernelOf({ front: stack(), back: stack({ group: 'admin' }) }), {})
    assert.deepEqual(order(graph), ['net', 'clock', 'random', 'front', 'net-2', 'back'])
    assert.deepEqual(graph.nodes.map(({ device }) => device.group).filter(Boolean), ['admin', 'admin'])
  })

  it('never gives two devices one name, whatever the configuration calls them', () => {
    const graph = resolve(unikernelOf({ stack: stack(), clock: memoryKv(), 'clock-2': memoryKv() }), {})
    assert.equal(new Set(order(graph)).size, graph.nodes.length)
    const clocks = graph.nodes.filter(({ device }) => device === pick(clock(), {}))
    assert.deepEqual(
      clocks.map(({ name }) => name),
      ['clock-3'],
    )
  })

  it('follows the options', () => {
    const site = unikernelOf({ files: kvRo('./htdocs') })
    assert.deepEqual(order(resolve(site, {})), ['files'])
    assert.equal(resolve(site, {}).nodes[0]?.device.source.kind, 'crunch')
    assert.deepEqual(order(resolve(site, { kv_ro: 'direct' })), ['folder', 'files'])
  })

  it('follows flags, and choices within choices', () => {
    const safe = flag('safe', { doc: 'Change nothing.' })
    const inner = match(kvRoOption, { crunch: crunch('./a'), direct: directKv('./a') })
    const site = unikernelOf({ files: match(safe, { true: inner, false: memoryKv() }) })
    assert.deepEqual(order(resolve(site, {})), ['clock', 'files'])
    assert.deepEqual(order(resolve(site, { safe: true })), ['files'])
    assert.deepEqual(order(resolve(site, { safe: true, kv_ro: 'direct' })), ['folder', 'files'])
  })
})

describe('optionsOf', () => {
  it('finds every option once, wherever it is', () => {
    const folder = text('folder', { doc: 'Where the files are.', default: './htdocs' })
    const extra = flag('extra', { doc: 'More.' })
    const site = unikernelOf(
      { stack: stack(), files: kvRo(folder), more: kvRo('./more') },
      { options: [extra] },
    )
    assert.deepEqual(optionsOf(site), ok([target, extra, netOption, kvRoOption, folder]))
  })

  it('refuses two options of one name', () => {
    const one = oneOf('store', ['a', 'b'], { default: 'a', doc: '' })
    const other = oneOf('store', ['a', 'c'], { default: 'a', doc: '' })
    const site = unikernelOf({}, { options: [one, other] })
    assert.deepEqual(optionsOf(site), { ok: false, error: 'the option store is declared twice' })
  })

  it('knows an option again that another copy of this package made', () => {
    const copy: typeof kvRoOption = JSON.parse(JSON.stringify(kvRoOption)) as typeof kvRoOption
    assert.ok(optionsOf(unikernelOf({ files: kvRo('.') }, { options: [copy] })).ok)
  })
})

describe('problems', () => {
  it('finds nothing where nothing is wrong', () => {
    const publish = ['8080:80', '192.0.2.1:8080:80', '8080:80/udp', '0:80', '0:80']
    assert.deepEqual(problems(unikernelOf({ stack: stack() }, { publish })), [])
  })

  it('finds a port of the host that two rules take, and a main module that is no path', () => {
    const publish = ['8080:80', '127.0.0.1:8080:81']
    const wrong = { ...unikernelOf({ stack: stack() }, { publish }), main: 'unikernel.ts' }
    assert.deepEqual(
      problems(wrong).map(({ message }) => message),
      [
        "main: 'unikernel.ts' is no path: write './unikernel.ts'",
        "publish: '127.0.0.1:8080:81' takes a port of the host that is taken above",
      ],
    )
  })

  it('tells all at once', () => {
    const wrong = unikernelOf(
      { files: 'a folder' as never },
      { name: '../site', publish: ['80', '70000:80', '80:0'] },
    )
    assert.deepEqual(
      problems(wrong).map(({ message }) => message),
      [
        "name: '../site' is not a name: letters, digits, - and _",
        "publish: '80' is not <host port>:<port of the unikernel>",
        "publish: '70000:80' is not <host port>:<port of the unikernel>",
        "publish: '80:0' is not <host port>:<port of the unikernel>",
        'devices.files: this is not a device',
      ],
    )
  })

  it('finds a value without a device where no type was checked', () => {
    const half = match(kvRoOption, { crunch: memoryKv() } as never)
    const found = problems(unikernelOf({ files: half }))
    assert.deepEqual(found, [{ message: 'the option kv_ro has no device for its value direct' }])
  })
})

describe('a picture', () => {
  const site = unikernelOf({
    files: kvRo('./htdocs'),
    seed: constant('a "b" \\c'),
    own: leaf('own', { kind: 'info' }),
  })

  it('shows choices before they are made', () => {
    assert.equal(
      dot(site),
      `digraph G {
  ordering="out";
  0 [label="site\\n./unikernel.ts", shape="box"];
  1 [label="If\\nkv_ro", shape="circle"];
  2 [label="crunch\\nfiles: ./htdocs", shape="box"];
  3 [label="kv\\ntarget: kv", shape="box"];
  4 [label="constant\\n\\"./htdocs\\"", shape="box"];
  5 [label="constant\\n\\"a \\\\\\"b\\\\\\" \\\\\\\\c\\"", shape="box"];
  6 [label="own\\nof this build", shape="box"];
  1 -> 2 [label="crunch", style="bold"];
  3 -> 4 [label="folder", style="solid"];
  1 -> 3 [label="direct", style="dotted"];
  0 -> 1 [label="files", style="solid"];
  0 -> 5 [label="seed", style="solid"];
  0 -> 6 [label="own", style="solid"];
}
`,
    )
  })

  it('shows what was chosen afterwards', () => {
    assert.equal(
      mermaid(unikernelOf({ files: kvRo('./htdocs') }), { kv_ro: 'crunch' }),
      `graph TD
  n0["site<br/>./unikernel.ts"]
  n1["crunch<br/>files: ./htdocs"]
  n0 -->|files| n1
`,
    )
  })
})
