/** `Request`: methods, URLs, bodies that move from one to the next. */
import type { Case } from '../case.ts'
import { streamOf } from './streams.ts'

/** See `CASES`. */
export const REQUESTS: readonly Case[] = [
  {
    title: 'a request is GET of a whole URL',
    run: ({ Request }) => {
      const { method, url, headers, body, bodyUsed, signal } = new Request('HTTP://H:80/a b?c#d')
      return [method, url, [...headers], body, bodyUsed, signal.aborted]
    },
    gives: ['GET', 'http://h/a%20b?c#d', [], null, false, false],
  },
  {
    title: 'a request takes its fields and its body from another, which is used then',
    run: async ({ Request }) => {
      const one = new Request('http://h/', { method: 'post', body: 'a', headers: { x: 'y' } })
      const other = new Request(one, { method: 'PUT' })
      return [one.method, other.method, other.headers.get('x'), one.bodyUsed, await other.text()]
    },
    gives: ['POST', 'PUT', 'y', true, 'a'],
  },
  {
    title: 'likewise where the body is a stream',
    run: async (web) => {
      const init = { method: 'POST', body: streamOf(web, 'a', 'b'), duplex: 'half' }
      const one = new web.Request('http://h/', init)
      const other = new web.Request(one)
      return [one.bodyUsed, await other.text()]
    },
    gives: [true, 'ab'],
  },
  {
    title: 'a request with a body of its own leaves the body of the other',
    run: async ({ Request }) => {
      const one = new Request('http://h/', { method: 'POST', body: 'a' })
      return [await new Request(one, { method: 'PUT', body: 'b' }).text(), await one.text()]
    },
    gives: ['b', 'a'],
  },
  {
    title: 'clones of a request have the body each',
    run: async ({ Request }) => {
      const one = new Request('http://h/', { method: 'PATCH', body: 'a' })
      const other = one.clone()
      return [other.method, other.url, await one.text(), await other.text()]
    },
    gives: ['PATCH', 'http://h/', 'a', 'a'],
  },
  {
    title: 'a request aborts with its signal, and so does its clone',
    run: ({ Request, AbortController }) => {
      const controller = new AbortController()
      const one = new Request('http://h/', { signal: controller.signal })
      const signals = [one.signal, one.clone().signal]
      const before = signals.map(({ aborted }) => aborted)
      controller.abort('why')
      return [before, signals.map(({ aborted, reason }) => [aborted, reason as unknown])]
    },
    gives: [
      [false, false],
      [
        [true, 'why'],
        [true, 'why'],
      ],
    ],
  },
  {
    title: 'methods that are not known keep their case',
    run: ({ Request }) => ['patch', 'Delete'].map((method) => new Request('http://h', { method }).method),
    gives: ['patch', 'DELETE'],
  },
  ...(
    [
      ['a path alone', (web) => new web.Request('/a')],
      ['a password', (web) => new web.Request('http://u:p@h/')],
      ['a method that is the connection’s', (web) => new web.Request('http://h', { method: 'trace' })],
      ['a method of two words', (web) => new web.Request('http://h', { method: 'a b' })],
      ['GET with a body', (web) => new web.Request('http://h', { body: '' })],
      [
        'a body of another that is to be GET',
        (web) =>
          new web.Request(new web.Request('http://h', { method: 'PUT', body: 'a' }), { method: 'GET' }),
      ],
      [
        'a stream without saying how',
        (web) => new web.Request('http://h', { method: 'PUT', body: streamOf(web) }),
      ],
    ] as readonly [string, Case['run']][]
  ).map(([what, run]) => ({ title: `a request refuses ${what}`, run, gives: 'throws TypeError' })),
]
