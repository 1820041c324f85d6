import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ICMP, TCP, UDP } from '@mirage/ip'
import { type Ends, type Signal, create } from './ends.ts'
import { type Class, Session, Sessions, TIMEOUTS } from './sessions.ts'
import { address } from './testing/world.ts'

const HOST = address('10.0.0.2')
const OTHER = address('10.0.0.3')

function segment(signal: Signal, seq: number = 0, ack: number = 0): Ends {
  return { ...create(), protocol: TCP, signal, seq, ack }
}

/** Sessions that may be five, and who has ended. */
function rig() {
  const ended: Session[] = []
  const sessions = new Sessions<Session>({ sessions: 5, sessionsPerHost: 3 }, (each) => ended.push(each))
  const begin = (protocol: number, now: number = 0, host = HOST): Session => {
    const session = new Session(protocol, host, now)
    assert.ok(sessions.add(session, now))
    return session
  }
  return { sessions, ended, begin }
}

/** What passes: from which side, and what it says. */
type Step = readonly [side: '>' | '<', signal: Signal, seq?: number, ack?: number]

const HANDSHAKE: readonly Step[] = [
  ['>', 'begin', 100],
  ['<', 'accept', 2 ** 31 - 1, 101],
  ['>', 'none', 101, -(2 ** 31)],
]
const END: readonly Step[] = [
  ['<', 'end'],
  ['>', 'end'],
]

describe('a session of TCP', () => {
  const cases: readonly [title: string, steps: readonly Step[], becomes: Class][] = [
    ['is opening once it is accepted', HANDSHAKE.slice(0, 2), 'opening'],
    ['is open once that is acknowledged', HANDSHAKE, 'open'],
    [
      'is open though its SYN came again',
      [HANDSHAKE[0]!, HANDSHAKE[1]!, ...HANDSHAKE.slice(0, 1), HANDSHAKE[2]!],
      'open',
    ],
    [
      'is not open for who acknowledges something else',
      [...HANDSHAKE.slice(0, 2), ['>', 'none', 101, 0]],
      'opening',
    ],
    ['is not open for who acknowledges before it is accepted', [HANDSHAKE[0]!, HANDSHAKE[2]!], 'opening'],
    [
      'is not open because the other end speaks',
      [...HANDSHAKE.slice(0, 2), ['<', 'none', 0, 101]],
      'opening',
    ],
    [
      'is open when it is answered, where the router came late',
      [
        ['>', 'none'],
        ['<', 'none'],
      ],
      'open',
    ],
    [
      'is opening where nobody answers',
      [
        ['>', 'none'],
        ['>', 'none'],
      ],
      'opening',
    ],
    ['is closing when both have ended it', [...HANDSHAKE, ...END], 'closing'],
    ['is open while one has not', [...HANDSHAKE, END[0]!, END[0]!], 'open'],
    ['is closing when it is broken', [...HANDSHAKE, ['<', 'break']], 'closing'],
    ['is opening when another follows', [...HANDSHAKE, ...END, HANDSHAKE[0]!], 'opening'],
    ['is open when another has followed', [...HANDSHAKE, ...END, ...HANDSHAKE], 'open'],
    [
      'is not open by what acknowledges the one before',
      [...HANDSHAKE, ...END, HANDSHAKE[0]!, HANDSHAKE[2]!],
      'opening',
    ],
    [
      'may be followed by one of the other end',
      [...HANDSHAKE, ...END, ['<', 'begin', 7], ['>', 'accept', 20, 8], ['<', 'none', 8, 21]],
      'open',
    ],
  ]
  for (const [title, steps, becomes] of cases) {
    it(title, () => {
      const { sessions, begin } = rig()
      const session = begin(TCP)
      for (const [side, signal, seq, ack] of steps)
        sessions.use(session, segment(signal, seq, ack), side === '<', 1)
      assert.equal(session.class, becomes)
    })
  }
})

describe('sessions', () => {
  it('are forgotten when they were silent for as long as their kind may be', () => {
    for (const [protocol, kind] of [
      [UDP, 'udp'],
      [ICMP, 'other'],
      [TCP, 'opening'],
    ] as const) {
      const { sessions, ended, begin } = rig()
      const session = begin(protocol)
      sessions.use(session, segment('none'), false, 1000)
      sessions.expire(TIMEOUTS[kind] + 999)
      assert.deepEqual([sessions.count, ended.length], [1, 0])
      sessions.expire(TIMEOUTS[kind] + 1000)
      assert.deepEqual([sessions.count, ended], [0, [session]])
    }
  })

  it('are no more of one host than its share, and more when one has ended', () => {
    const { sessions, begin } = rig()
    const [first] = [begin(UDP), begin(UDP), begin(UDP)]
    assert.equal(sessions.add(new Session(UDP, HOST, 0), 0), false)
    assert.equal(sessions.refused, 1)
    begin(UDP, 0, OTHER)
    sessions.remove(first)
    begin(UDP)
  })

  it('give way to others where there are too many: first what was used the longest ago', () => {
    const { sessions, ended, begin } = rig()
    const all = [0, 1, 2].map((now) => begin(UDP, now))
    for (const now of [3, 4]) all.push(begin(UDP, now, OTHER))
    sessions.use(all[0]!, segment('none'), false, 5)
    sessions.use(all[1]!, segment('none'), true, 6)
    begin(UDP, 7, OTHER)
    begin(UDP, 8)
    assert.deepEqual(ended, [all[2], all[3]])
    assert.equal(sessions.evicted, 2)
  })

  it('give way before those that are open, which never do', () => {
    const { sessions, ended, begin } = rig()
    const open = [begin(TCP), begin(TCP), begin(TCP), begin(TCP, 0, OTHER)]
    for (const each of open)
      for (const [side, signal, seq, ack] of HANDSHAKE)
        sessions.use(each, segment(signal, seq, ack), side === '<', 1)
    const half = begin(TCP, 2, OTHER)
    const next = begin(TCP, 3, OTHER)
    assert.deepEqual(ended, [half])
    for (const [side, signal, seq, ack] of HANDSHAKE)
      sessions.use(next, segment(signal, seq, ack), side === '<', 4)
    assert.equal(sessions.add(new Session(TCP, address('10.0.0.4'), 5), 5), false)
  })
})
