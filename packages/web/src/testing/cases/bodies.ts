/** Bodies of `Response`, from whatever they are made of. */
import type { Case } from '../case.ts'
import { streamOf } from './streams.ts'

const HI = [104, 105]

/** See `CASES`. */
export const BODIES: readonly Case[] = [
  {
    title: 'a response is 200 and text unless it says otherwise',
    run: async ({ Response }) => {
      const response = new Response('grüß')
      const { status, ok, statusText, type, redirected, url, bodyUsed } = response
      const head = [status, ok, statusText, type, redirected, url, bodyUsed, [...response.headers]]
      return [head, await response.text(), response.bodyUsed]
    },
    gives: [
      [200, true, '', 'default', false, '', false, [['content-type', 'text/plain;charset=UTF-8']]],
      'grüß',
      true,
    ],
  },
  {
    title: 'a body is text, bytes, a buffer, JSON or a blob, once',
    run: async ({ Response }) => {
      const made = (): Response => new Response(new Uint8Array([1, 2, 3]).subarray(1))
      const twice = made()
      await twice.arrayBuffer()
      return [
        [...(await made().bytes())],
        (await made().arrayBuffer()).byteLength,
        await new Response('{"a":[1]}').json(),
        (await new Response('x', { headers: { 'content-type': 'A/B' } }).blob()).type,
        await twice.text().catch((error: Error) => error.name),
      ]
    },
    gives: [[2, 3], 2, { a: [1] }, 'a/b', 'TypeError'],
  },
  {
    title: 'a body of bytes does not change with them',
    run: async ({ Response }) => {
      const bytes = Uint8Array.from(HI)
      const response = new Response(bytes)
      bytes[0] = 0
      return response.text()
    },
    gives: 'hi',
  },
  {
    title: 'a response of nothing has no body, and reads as empty again and again',
    run: async ({ Response }) => {
      const response = new Response(null, { status: 204 })
      return [response.body, await response.text(), await response.text(), response.bodyUsed]
    },
    gives: [null, '', '', false],
  },
  {
    title: 'a body is a stream of bytes, and used once it was read',
    run: async ({ Response }) => {
      const response = new Response('hi')
      const used = [response.bodyUsed]
      const reader = response.body!.getReader()
      used.push(response.bodyUsed)
      const { value } = await reader.read()
      return [used, [...value!], (await reader.read()).done, response.bodyUsed]
    },
    gives: [[false, false], HI, true, true],
  },
  {
    title: 'a stream is a body as it is, and nobody else can read it',
    run: async (web) => {
      const stream = streamOf(web, 'a', 'b')
      const response = new web.Response(stream)
      const isSame = response.body === stream
      return [isSame, await response.text(), response.bodyUsed, stream.locked, [...response.headers]]
    },
    gives: [true, 'ab', true, true, []],
  },
  {
    title: 'a stream that is being read is no body',
    run: (web) => {
      const stream = streamOf(web)
      stream.getReader()
      return new web.Response(stream)
    },
    gives: 'throws TypeError',
  },
  {
    title: 'a stream of texts is no body that can be read',
    run: async (web) =>
      new web.Response(new web.ReadableStream({ start: (controller) => controller.enqueue('a') })).text(),
    gives: 'throws TypeError',
  },
  {
    title: 'a body whose stream fails fails alike',
    run: async (web) =>
      new web.Response(
        new web.ReadableStream({ start: (controller) => controller.error(new RangeError('x')) }),
      ).text(),
    gives: 'throws RangeError',
  },
  {
    title: 'a query is a body of its type',
    run: async (web) => {
      const response = new web.Response(new web.URLSearchParams({ a: 'b c' }))
      return [response.headers.get('content-type'), await response.text()]
    },
    gives: ['application/x-www-form-urlencoded;charset=UTF-8', 'a=b+c'],
  },
  {
    title: 'clones have the body each, be it bytes or a stream',
    run: async (web) => {
      const texts: string[] = []
      for (const body of ['ab', streamOf(web, 'a', 'b')]) {
        const one = new web.Response(body, { status: 201, headers: { x: 'y' } })
        const other = one.clone()
        texts.push(await one.text(), await other.text(), `${other.status}${other.headers.get('x')}`)
      }
      return texts
    },
    gives: ['ab', 'ab', '201y', 'ab', 'ab', '201y'],
  },
  {
    title: 'what was read cannot be cloned',
    run: async ({ Response }) => {
      const response = new Response('a')
      await response.text()
      return response.clone()
    },
    gives: 'throws TypeError',
  },
  {
    title: 'what was read is no body of another',
    run: async ({ Response }) => {
      const response = new Response('a')
      await response.text()
      return new Response(response.body)
    },
    gives: 'throws TypeError',
  },
  {
    title: 'a mark of the order of bytes is no text',
    run: async ({ Response }) => new Response(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])).text(),
    gives: 'a',
  },
]
