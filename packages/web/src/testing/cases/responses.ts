/** `Response`: status, fields, redirections. */
import type { Case, Web } from '../case.ts'

/** See `CASES`. */
export const RESPONSES: readonly Case[] = [
  {
    title: 'a response of JSON has its type, unless it has another',
    run: async ({ Response }) => {
      const [one, other] = [
        Response.json({ a: 1 }),
        Response.json([], { status: 201, headers: { 'content-type': 'x/y' } }),
      ]
      return [
        one.headers.get('content-type'),
        await one.json(),
        other.headers.get('content-type'),
        other.status,
      ]
    },
    gives: ['application/json', { a: 1 }, 'x/y', 201],
  },
  {
    title: 'what has no JSON is no response',
    run: ({ Response }) => Response.json(undefined),
    gives: 'throws TypeError',
  },
  {
    title: 'a redirection leads to a whole URL',
    run: ({ Response }) => {
      const { status, headers, body } = Response.redirect('http://h/a/../ü')
      return [status, headers.get('location'), body]
    },
    gives: [302, 'http://h/%C3%BC', null],
  },
  {
    title: 'the fields of a redirection do not change',
    run: ({ Response }) => Response.redirect('http://h').headers.set('a', 'b'),
    gives: 'throws TypeError',
  },
  {
    title: 'nor do those of its clone',
    run: ({ Response }) => Response.redirect('http://h').clone().headers.set('a', 'b'),
    gives: 'throws TypeError',
  },
  {
    title: 'a redirection has a status of one',
    run: ({ Response }) => Response.redirect('http://h', 200),
    gives: 'throws RangeError',
  },
  {
    title: 'an error has nothing, and its clone neither',
    run: ({ Response }) => {
      const { status, type, ok } = Response.error().clone()
      return [status, type, ok]
    },
    gives: [0, 'error', false],
  },
  ...[199, 600, 0].map((status) => ({
    title: `a response with status ${status} is none`,
    run: ({ Response }: Web) => new Response('', { status }),
    gives: 'throws RangeError',
  })),
  ...[204, 304].map((status) => ({
    title: `a response with status ${status} has no body`,
    run: ({ Response }: Web) => new Response('', { status }),
    gives: 'throws TypeError',
  })),
  {
    title: 'a reason is one line',
    run: ({ Response }) => new Response('', { statusText: 'a\nb' }),
    gives: 'throws TypeError',
  },
]
