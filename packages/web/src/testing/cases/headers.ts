/** `Headers`: names, values, order. */
import type { Case } from '../case.ts'

/** See `CASES`. */
export const HEADERS: readonly Case[] = [
  {
    title: 'headers are sorted, joined, and have names without case',
    run: ({ Headers }) => {
      const headers = new Headers([
        ['X-B', '1'],
        ['a', ' 2\t'],
        ['x-b', '3'],
      ])
      return [[...headers], headers.get('X-b'), headers.has('A'), headers.get('c')]
    },
    gives: [
      [
        ['a', '2'],
        ['x-b', '1, 3'],
      ],
      '1, 3',
      true,
      null,
    ],
  },
  {
    title: 'cookies are not joined, except where they are asked for as one',
    run: ({ Headers }) => {
      const headers = new Headers({ 'set-cookie': 'a=1', z: '' })
      headers.append('Set-Cookie', 'b=2')
      return [[...headers], headers.getSetCookie(), headers.get('set-cookie')]
    },
    gives: [
      [
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
        ['z', ''],
      ],
      ['a=1', 'b=2'],
      'a=1, b=2',
    ],
  },
  {
    title: 'headers are set and deleted, and copied from others',
    run: ({ Headers }) => {
      const headers = new Headers({ a: '1', b: '2' })
      const copy = new Headers(headers)
      headers.set('A', '3')
      headers.delete('B')
      const each: unknown[] = []
      headers.forEach((value, name, own) => each.push([name, value, own === headers]))
      return [each, [...copy.keys()], [...copy.values()], Object.prototype.toString.call(copy)]
    },
    gives: [[['a', '3', true]], ['a', 'b'], ['1', '2'], '[object Headers]'],
  },
  {
    title: 'headers that are added while they are gone through are met if they come later',
    run: ({ Headers }) => {
      const headers = new Headers({ a: '1', b: '2' })
      const met: string[] = []
      for (const [name] of headers) {
        met.push(name)
        if (name === 'a') headers.append('c', '3')
      }
      return met
    },
    gives: ['a', 'b', 'c'],
  },
  ...(
    [
      ['a name with a space', (web) => new web.Headers({ 'a b': '' })],
      ['an empty name', (web) => new web.Headers().get('')],
      ['a value of two lines', (web) => new web.Headers().append('a', 'b\nc')],
      ['a value with a zero', (web) => new web.Headers().set('a', 'b\0')],
      ['a value that is no bytes', (web) => new web.Headers().set('a', '☃')],
      ['a pair of one', (web) => new web.Headers([['a']] as unknown as [string, string][])],
      ['no object', (web) => new web.Headers(null as unknown as Record<string, string>)],
    ] as readonly [string, Case['run']][]
  ).map(([what, run]) => ({ title: `headers refuse ${what}`, run, gives: 'throws TypeError' })),
]
