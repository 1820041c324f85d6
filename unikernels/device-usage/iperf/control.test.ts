import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { type Action, Control } from './control.ts'
import * as protocol from './protocol.ts'
import type { Parameters } from './protocol.ts'

const PARAMETERS: Parameters = {
  protocol: 'tcp',
  seconds: 1,
  bytes: 0,
  blocks: 0,
  parallel: 2,
  isReverse: false,
  isBidirectional: false,
  blockSize: 131_072,
  bandwidth: 0,
  omit: 0,
  hasLongCounters: false,
}
const RESULT = { id: 1, bytes: 7, jitter: 0, errors: 0, packets: 0, seconds: 1 }

/** Actions in short: single states by their number, JSON as `json`. */
function told(actions: readonly Action[]): unknown[] {
  return actions.map((action) => {
    if (action.kind === 'failed') return action.reason
    if (action.kind !== 'send') return action.kind
    return action.bytes.length === 1 ? action.bytes[0] : 'json'
  })
}

function server(): Control {
  return Control.server()[0]
}

/** A server whose test runs. */
function running(): Control {
  const control = server()
  control.input(protocol.emitParameters(PARAMETERS))
  control.streamsOpened()
  return control
}

describe('a server', () => {
  it('leads a client through a test', () => {
    const [control, first] = Control.server()
    assert.deepEqual(told(first), [protocol.PARAM_EXCHANGE])
    assert.deepEqual(told(control.input(protocol.emitParameters(PARAMETERS))), [
      protocol.CREATE_STREAMS,
      'streams',
    ])
    assert.deepEqual(told(control.streamsOpened()), [protocol.TEST_START, protocol.TEST_RUNNING, 'run'])
    assert.deepEqual(told(control.input(Uint8Array.of(protocol.TEST_END))), [protocol.EXCHANGE_RESULTS])
    assert.deepEqual(told(control.input(protocol.emitResults([RESULT], true))), ['results', 'collect'])
    assert.deepEqual(told(control.answer([RESULT], false)), ['json', protocol.DISPLAY_RESULTS])
    assert.deepEqual(told(control.input(Uint8Array.of(protocol.IPERF_DONE))), ['finished'])
    assert.ok(control.isOver)
  })

  it('says what is wrong with parameters that make no sense', () => {
    const actions = server().input(protocol.frameJson({ parallel: 1000 }))
    assert.deepEqual(told(actions), ['json', 'the parameters make no sense'])
    assert.deepEqual(actions[0], {
      kind: 'send',
      bytes: Uint8Array.of(protocol.SERVER_ERROR, 0, 0, 0, protocol.NOT_IMPLEMENTED, 0, 0, 0, 0),
    })
  })

  it('keeps no more than one JSON of a size that it may have', () => {
    assert.deepEqual(told(server().input(Uint8Array.of(0x7f, 0xff, 0xff, 0xff))), [
      'the other end does not speak the protocol',
    ])
  })

  it('ends with a client that gives up', () => {
    assert.deepEqual(told(running().input(Uint8Array.of(protocol.CLIENT_TERMINATE))), [
      'the other end has ended the test',
    ])
  })

  it('takes no state that is not due', () => {
    for (const wrong of [protocol.IPERF_DONE, protocol.TEST_START, protocol.PARAM_EXCHANGE, 0, 200])
      assert.deepEqual(told(running().input(Uint8Array.of(wrong))), [
        'the other end does not speak the protocol',
      ])
    assert.deepEqual(running().answer([], false), [])
    assert.deepEqual(server().streamsOpened(), [])
  })
})

describe('a client', () => {
  it('goes through a test', () => {
    const control = Control.client(PARAMETERS)
    assert.deepEqual(told(control.input(Uint8Array.of(protocol.PARAM_EXCHANGE))), ['json'])
    assert.deepEqual(told(control.input(Uint8Array.of(protocol.CREATE_STREAMS))), ['streams'])
    assert.deepEqual(told(control.input(Uint8Array.of(protocol.TEST_START, protocol.TEST_RUNNING))), ['run'])
    assert.deepEqual(told(control.end()), [protocol.TEST_END])
    assert.deepEqual(told(control.input(Uint8Array.of(protocol.EXCHANGE_RESULTS))), ['collect'])
    assert.deepEqual(told(control.answer([RESULT], true)), ['json'])
    assert.deepEqual(told(control.input(protocol.emitResults([RESULT], false))), ['results'])
    assert.deepEqual(told(control.input(Uint8Array.of(protocol.DISPLAY_RESULTS))), [
      protocol.IPERF_DONE,
      'finished',
    ])
  })

  const refusals: [bytes: number[], reason: string][] = [
    [[protocol.ACCESS_DENIED], 'the server is busy with another client'],
    [[protocol.SERVER_ERROR, 0, 0, 0, 13, 0, 0, 0, 0], 'the server reports an error'],
    [[protocol.SERVER_TERMINATE], 'the other end has ended the test'],
    [[protocol.EXCHANGE_RESULTS], 'the other end does not speak the protocol'],
  ]
  for (const [bytes, reason] of refusals) {
    it(`fails because ${reason}`, () => {
      assert.deepEqual(told(Control.client(PARAMETERS).input(Uint8Array.from(bytes))), [reason])
    })
  }

  it('waits for the whole of an error', () => {
    assert.deepEqual(Control.client(PARAMETERS).input(Uint8Array.of(protocol.SERVER_ERROR, 0)), [])
  })
})

describe('a control connection', () => {
  it('does the same however its bytes are cut', () => {
    const bytes = [...protocol.emitParameters(PARAMETERS)]
    fc.assert(
      fc.property(fc.array(fc.nat({ max: bytes.length })), (cuts) => {
        const control = server()
        const all: unknown[] = []
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        places
          .slice(1)
          .forEach((end, i) => all.push(...told(control.input(Uint8Array.from(bytes.slice(places[i], end))))))
        assert.deepEqual(all, [protocol.CREATE_STREAMS, 'streams'])
      }),
    )
  })

  it('takes any bytes without an exception', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.boolean(), (pieces, isServer) => {
        const control = isServer ? running() : Control.client(PARAMETERS)
        for (const piece of pieces) control.input(piece)
      }),
    )
  })
})
