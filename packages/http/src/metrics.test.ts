import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { counters } from '@mirage/metrics'
import { Dialogue } from './dialogue.ts'
import { metricsHandler, metricsOf } from './metrics.ts'

describe('metrics over HTTP', () => {
  it('are what they are when they are asked for', async () => {
    let count = 1
    const dialogue = new Dialogue(metricsHandler(() => [counters('a_total', 'A.', 'event', { x: count++ })]))
    for (const value of [1, 2]) {
      await dialogue.send('GET /metrics HTTP/1.1\r\nHost:\r\n\r\n')
      assert.ok(dialogue.received.endsWith(`# TYPE a_total counter\na_total{event="x"} ${value}\n`))
    }
    assert.match(dialogue.received, /content-type: text\/plain; version=0\.0\.4; charset=utf-8\r\n/)
    await dialogue.send('POST /metrics HTTP/1.1\r\nHost:\r\nContent-Length: 0\r\n\r\n')
    assert.deepEqual(dialogue.statuses, [200, 200, 405])
  })

  it('of a server have everything that it counts, and how many are connected', async () => {
    const dialogue: Dialogue = new Dialogue(metricsHandler(() => metricsOf(dialogue.server)))
    await dialogue.send('GET / HTTP/1.1\r\nHost:\r\n\r\n')
    const names = Object.keys(dialogue.server.counters).map((name) =>
      name.replaceAll(/[A-Z]/g, (each) => `-${each.toLowerCase()}`),
    )
    for (const name of names)
      assert.ok(dialogue.received.includes(`mirage_http_total{event="${name}"} `), name)
    assert.ok(dialogue.received.includes('event="requests"} 1\n'))
    assert.ok(dialogue.received.includes('mirage_http_connections 1\n'))
  })
})
