/** `FormData`, written and read, and the `Blob`s in it. */
import type { Case, Web } from '../case.ts'

const HI = [104, 105]
const MULTIPART = [
  '--x',
  'Content-Disposition: form-data; name="a"',
  '',
  'b\r\nc',
  '--x',
  'Content-Disposition: form-data; name="f%22"; filename="n.txt"',
  'Content-Type: text/css',
  '',
  'body',
  '--x--',
  '',
].join('\r\n')

async function form(web: Web, type: string, body: string): Promise<unknown> {
  const parsed = await new web.Response(body, { headers: { 'content-type': type } }).formData()
  return Promise.all(
    Array.from(parsed as unknown as Iterable<[string, string | File]>, async ([name, value]) =>
      typeof value === 'string' ? [name, value] : [name, value.name, value.type, await value.text()],
    ),
  )
}

/** See `CASES`. */
export const FORMS: readonly Case[] = [
  {
    title: 'forms of pairs are read',
    run: (web) => form(web, 'application/x-www-form-urlencoded', 'a=1&b=%C3%BC+x&a='),
    gives: [
      ['a', '1'],
      ['b', 'ü x'],
      ['a', ''],
    ],
  },
  {
    title: 'forms of parts are read, with their files',
    run: (web) => form(web, 'multipart/form-data; boundary=x', MULTIPART),
    gives: [
      ['a', 'b\r\nc'],
      ['f"', 'n.txt', 'text/css', 'body'],
    ],
  },
  ...[
    ['text/plain', MULTIPART],
    ['multipart/form-data; boundary=y', MULTIPART],
    ['multipart/form-data; boundary=x', MULTIPART.slice(0, -10)],
    ['multipart/form-data; boundary=x', MULTIPART.replace('name="a"', 'nom="a"')],
    ['multipart/form-data; boundary=x', MULTIPART.replace('form-data;', 'attachment;')],
    ['multipart/form-data; boundary=x', MULTIPART.replace('--x\r', '--xyz\r')],
    ['multipart/form-data', MULTIPART],
  ].map(([type, body], index) => ({
    title: `what is no form is refused (${index + 1})`,
    run: (web: Web) => form(web, type!, body!),
    gives: 'throws TypeError',
  })),
  {
    title: 'a form has fields, which are texts and files',
    run: async ({ FormData, Blob, File }) => {
      const form = new FormData()
      form.append('a', '1')
      form.append('b', '2')
      form.append('a', '3')
      form.set('a', '4')
      form.append('f', new Blob(['x', new Uint8Array(HI)], { type: 'T/Y' }), 'n')
      const file = form.get('f') as File
      return [
        [...form.keys()],
        form.getAll('a'),
        form.has('c'),
        file.name,
        file.type,
        await file.text(),
        file instanceof File,
      ]
    },
    gives: [['a', 'b', 'f'], ['4'], false, 'n', 't/y', 'xhi', true],
  },
  {
    title: 'a part of a blob is one, and a body',
    run: async ({ Blob, Response }) => {
      const part = new Blob(['hello']).slice(-4, -1, 'a/b')
      const response = new Response(part)
      return [part.size, part.type, response.headers.get('content-type'), await response.text()]
    },
    gives: [3, 'a/b', 'a/b', 'ell'],
  },
]
