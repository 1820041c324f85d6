import { it } from 'node:test'
import { established } from './testing/dialogue.ts'
it('dsack', () => {
  const tcp = established({ sackPermitted: true, clock: 5 })
  tcp
    .receives({ seq: 1, ack: 1, text: 1000, stamps: [6, 0] })
    .receives({ seq: 1001, ack: 1, text: 1000, stamps: [6, 0] })
    .sends({ ack: 2001 })
  tcp.receives({ seq: 1001, ack: 1, text: 1000, stamps: [7, 0] }).sends({ ack: 2001, sacks: [[1001, 2001]] })
  tcp.receives({ seq: 3001, ack: 1, text: 1000, stamps: [8, 0] }).sends({ ack: 2001, sacks: [[3001, 4001]] })
  tcp.receives({ seq: 5001, ack: 1, text: 1000, stamps: [8, 0] }).sends({
    ack: 2001,
    sacks: [
      [5001, 6001],
      [3001, 4001],
    ],
  })
})
