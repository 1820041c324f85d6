/** What the classes do, as a table: for ours and Node's, and for ours on an engine that has none. */

/** The classes, ours or others'. */
export type Web = Pick<
  typeof globalThis,
  | 'AbortController'
  | 'AbortSignal'
  | 'Blob'
  | 'DOMException'
  | 'Event'
  | 'EventTarget'
  | 'File'
  | 'FormData'
  | 'Headers'
  | 'ReadableStream'
  | 'Request'
  | 'Response'
  | 'TextDecoder'
  | 'TextEncoder'
  | 'TransformStream'
  | 'URL'
  | 'URLSearchParams'
  | 'WritableStream'
>

/** One promise: what `run` gives, or the name of what it throws, is `gives`. */
export interface Case {
  readonly title: string
  readonly run: (web: Web) => unknown
  readonly gives: unknown
}

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

/** The outcome of one case. */
export async function outcome({ run }: Case, web: Web): Promise<unknown> {
  try {
    return JSON.parse(JSON.stringify((await run(web)) ?? null)) as unknown
  } catch (error) {
    return `throws ${(error as Error).name}`
  }
}

/** A stream of texts as bytes. */
function streamOf(web: Web, ...texts: readonly string[]): ReadableStream<Uint8Array> {
  return new web.ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(new web.TextEncoder().encode(text))
      controller.close()
    },
  })
}

async function form(web: Web, type: string, body: string): Promise<unknown> {
  const parsed = await new web.Response(body, { headers: { 'content-type': type } }).formData()
  return Promise.all(
    Array.from(parsed as unknown as Iterable<[string, string | File]>, async ([name, value]) =>
      typeof value === 'string' ? [name, value] : [name, value.name, value.type, await value.text()],
    ),
  )
}

const HEADERS: readonly Case[] = [
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

const BODIES: readonly Case[] = [
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
]

const RESPONSES: readonly Case[] = [
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

const REQUESTS: readonly Case[] = [
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

const EVENTS: readonly Case[] = [
  {
    title: 'listeners are called in order, each once however often it was added',
    run: ({ EventTarget, Event }) => {
      const [target, calls] = [new EventTarget(), [] as unknown[]]
      const one = (event: Event): unknown => calls.push([event.type, event.target === target])
      target.addEventListener('a', one)
      target.addEventListener('a', one)
      target.addEventListener('a', { handleEvent: () => calls.push('object') })
      target.addEventListener('b', () => calls.push('never'))
      return [target.dispatchEvent(new Event('a')), calls]
    },
    gives: [true, [['a', true], 'object']],
  },
  {
    title: 'listeners go: after the first event, by a signal, by hand, even meanwhile',
    run: ({ EventTarget, Event, AbortController, AbortSignal }) => {
      const [target, calls, controller] = [new EventTarget(), [] as string[], new AbortController()]
      const late = (): unknown => calls.push('late')
      target.addEventListener('a', () => calls.push('once'), { once: true })
      target.addEventListener('a', () => calls.push('signal'), { signal: controller.signal })
      target.addEventListener('a', () => target.removeEventListener('a', late))
      target.addEventListener('a', late)
      target.dispatchEvent(new Event('a'))
      target.addEventListener('a', () => calls.push('never'), { signal: AbortSignal.abort() })
      controller.abort()
      target.dispatchEvent(new Event('a'))
      return calls
    },
    gives: ['once', 'signal'],
  },
  {
    title: 'an event is prevented if it can be, and stopped',
    run: ({ EventTarget, Event }) => {
      const [target, calls] = [new EventTarget(), [] as string[]]
      target.addEventListener('a', (event) => {
        event.preventDefault()
        event.stopImmediatePropagation()
      })
      target.addEventListener('a', () => calls.push('never'))
      const event = new Event('a', { cancelable: true })
      return [
        target.dispatchEvent(event),
        event.defaultPrevented,
        target.dispatchEvent(new Event('a')),
        calls,
      ]
    },
    gives: [false, true, true, []],
  },
  {
    title: 'a signal aborts once, and tells whoever asks',
    run: ({ AbortController }) => {
      const { signal } = new AbortController()
      const other = new AbortController()
      const calls: string[] = []
      // oxlint-disable-next-line prefer-add-event-listener -- it is what the case is about
      other.signal.onabort = (): unknown => calls.push('on')
      other.signal.addEventListener('abort', ({ type }) => calls.push(type))
      other.abort()
      other.abort('later')
      const { name, code } = other.signal.reason as DOMException
      return [signal.aborted, signal.reason, calls, name, code]
    },
    gives: [false, null, ['on', 'abort'], 'AbortError', 20],
  },
  {
    title: 'any of several signals aborts the one that follows them',
    run: ({ AbortController, AbortSignal }) => {
      const [a, b] = [new AbortController(), new AbortController()]
      const [any, aborted] = [
        AbortSignal.any([a.signal, b.signal]),
        AbortSignal.any([a.signal, AbortSignal.abort(1)]),
      ]
      const seen: boolean[] = []
      b.signal.addEventListener('abort', () => seen.push(any.aborted))
      b.abort(2)
      return [seen, any.reason as unknown, aborted.reason as unknown]
    },
    gives: [[true], 2, 1],
  },
  {
    title: 'an aborted signal throws its reason',
    run: ({ AbortSignal }) => AbortSignal.abort().throwIfAborted(),
    gives: 'throws AbortError',
  },
  {
    title: 'a signal comes from a controller',
    run: ({ AbortSignal }) => new AbortSignal(),
    gives: 'throws TypeError',
  },
  {
    title: 'an exception of the DOM is an error with a name and a number',
    run: ({ DOMException }) => {
      const { name, code, message } = new DOMException('m', 'TimeoutError')
      return [
        name,
        code,
        message,
        new DOMException().name,
        new DOMException('', 'x').code,
        new DOMException() instanceof Error,
      ]
    },
    gives: ['TimeoutError', 23, 'm', 'Error', 0, true],
  },
]

const TEXTS: readonly Case[] = [
  {
    title: 'texts become bytes, as many as there is room for',
    run: ({ TextEncoder }) => {
      const [encoder, room] = [new TextEncoder(), new Uint8Array(6)]
      return [
        [...encoder.encode('ü\ud800')],
        encoder.encodeInto('a😀b☃', room),
        [...room],
        encoder.encode().length,
      ]
    },
    gives: [[195, 188, 239, 191, 189], { read: 4, written: 6 }, [97, 240, 159, 152, 128, 98], 0],
  },
  {
    title: 'bytes become text as they come',
    run: ({ TextDecoder }) => {
      const decoder = new TextDecoder()
      const texts = [[0xef, 0xbb], [0xbf, 0x61, 0xf0, 0x9f], [0x98], [0x80, 0xc3]].map((bytes) =>
        decoder.decode(Uint8Array.from(bytes), { stream: true }),
      )
      return [...texts, decoder.decode(), decoder.decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x62]).buffer)]
    },
    gives: ['', 'a', '', '😀', '\ufffd', 'b'],
  },
  {
    title: 'what is broken already is not waited for',
    run: ({ TextDecoder }) =>
      [[0xe0, 0x80], [0xed, 0xa0], [0xf4, 0x90], [0xf5], [0xe1, 0x80], [0xc1]].map((bytes) =>
        new TextDecoder().decode(Uint8Array.from(bytes), { stream: true }),
      ),
    gives: ['\ufffd\ufffd', '\ufffd\ufffd', '\ufffd\ufffd', '\ufffd', '', '\ufffd'],
  },
  {
    title: 'a strict decoder refuses what is no text',
    run: ({ TextDecoder }) => new TextDecoder('utf8', { fatal: true }).decode(new Uint8Array([0x61, 0xff])),
    gives: 'throws TypeError',
  },
  {
    title: 'a strict decoder takes U+FFFD itself, and keeps a mark if told',
    run: ({ TextDecoder }) =>
      new TextDecoder(' UTF-8 ', { fatal: true, ignoreBOM: true }).decode(
        new Uint8Array([0xef, 0xbb, 0xbf, 0xef, 0xbf, 0xbd]),
      ),
    gives: '\ufeff\ufffd',
  },
  {
    title: 'encodings have names',
    run: ({ TextDecoder }) => new TextDecoder('none'),
    gives: 'throws RangeError',
  },
  {
    title: 'a URL is parsed in its parts',
    run: ({ URL }) => {
      const { href, host, port, pathname, search, hash, origin } = new URL(
        '../x?a=b#c',
        'https://h:8443/d/e/f',
      )
      return [href, host, port, pathname, search, hash, origin]
    },
    gives: ['https://h:8443/d/x?a=b#c', 'h:8443', '8443', '/d/x', '?a=b', '#c', 'https://h:8443'],
  },
  {
    title: 'what is set in a URL is encoded, and its query follows',
    run: ({ URL }) => {
      const url = new URL('http://h')
      url.pathname = 'a b/ü'
      url.searchParams.append('c', 'd&e')
      return [url.href, url.searchParams.get('c')]
    },
    gives: ['http://h/a%20b/%C3%BC?c=d%26e', 'd&e'],
  },
  { title: 'what is no URL is refused', run: ({ URL }) => new URL('http://h:x'), gives: 'throws TypeError' },
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
  {
    title: 'streams are piped through others, as fast as they are read',
    run: async (web) => {
      const upper = new web.TransformStream<Uint8Array, string>({
        transform: (chunk, controller) =>
          controller.enqueue(new web.TextDecoder().decode(chunk).toUpperCase()),
      })
      const seen: string[] = []
      await streamOf(web, 'a', 'b')
        .pipeThrough(upper)
        .pipeTo(new web.WritableStream({ write: (chunk: string) => void seen.push(chunk) }))
      return seen
    },
    gives: ['A', 'B'],
  },
]

/** Every case. */
export const CASES: readonly Case[] = [...HEADERS, ...BODIES, ...RESPONSES, ...REQUESTS, ...EVENTS, ...TEXTS]
