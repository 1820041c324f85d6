import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import * as latin1 from './latin1.ts'
import { Head, type HeadError, type HeadLimits, STATUS_OF } from './parse.ts'

const LIMITS: HeadLimits = { requestLineMax: 100, headSizeMax: 400, fieldCountMax: 5 }

/** Parses `text` in pieces that end at each of `cuts`. */
function parse(text: string, cuts: readonly number[] = []): { head: Head; state: string } {
  const head = new Head()
  const bytes = latin1.encode(text)
  let state: string = 'more'
  for (const end of [...cuts, bytes.length]) {
    // Moved each time, as a connection's buffer may be.
    const moved = new Uint8Array(end + 7)
    moved.set(bytes.subarray(0, end), 7)
    state = head.parse(moved, 7, end + 7, LIMITS)
    if (state !== 'more') break
  }
  return { head, state }
}

function everywhere(text: string): number[] {
  return Array.from(text, (_, index) => index)
}

const HOST = 'Host: a\r\n'

const good: [what: string, text: string, expected: Partial<Head>][] = [
  [
    'the shortest request',
    'GET / HTTP/1.1\r\nHost:\r\n\r\n',
    { isKeptAlive: true, contentLength: 0, minor: 1 },
  ],
  ['an empty line before it', `\r\nGET / HTTP/1.1\r\n${HOST}\r\n`, { methodStart: 2, methodEnd: 5 }],
  ['HTTP/1.0 without a host', 'GET / HTTP/1.0\r\n\r\n', { minor: 0, isKeptAlive: false }],
  ['HTTP/1.0 that stays', 'GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n', { isKeptAlive: true }],
  [
    'HTTP/1.0 that stays and closes',
    'GET / HTTP/1.0\r\nconnection: keep-alive, close\r\n\r\n',
    { isKeptAlive: false },
  ],
  ['a later minor version', `GET / HTTP/1.9\r\n${HOST}\r\n`, { minor: 1 }],
  ['a close in a list', `GET / HTTP/1.1\r\n${HOST}Connection: x ,\tCLOSE\r\n\r\n`, { isKeptAlive: false }],
  [
    'a token that only begins like close',
    `GET / HTTP/1.1\r\n${HOST}Connection: closed\r\n\r\n`,
    { isKeptAlive: true },
  ],
  ['a length', `POST / HTTP/1.1\r\n${HOST}content-LENGTH: \t 042 \t\r\n\r\n`, { contentLength: 42 }],
  ['chunks', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: Chunked\r\n\r\n`, { isChunked: true }],
  [
    'an expectation',
    `POST / HTTP/1.1\r\n${HOST}expect: 100-Continue\r\ncontent-length: 1\r\n\r\n`,
    { expectsContinue: true },
  ],
  [
    'an expectation of nothing',
    `POST / HTTP/1.1\r\n${HOST}expect: 100-continue\r\n\r\n`,
    { expectsContinue: false },
  ],
  [
    'an expectation of HTTP/1.0',
    `POST / HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n`,
    { expectsContinue: false },
  ],
  ['every character of a token', `!#$%&'*+-.^_\`|~aZ9 / HTTP/1.1\r\n${HOST}\r\n`, { methodEnd: 18 }],
  ['bytes above ASCII in a value', `GET / HTTP/1.1\r\n${HOST}a: \x80\xff\r\n\r\n`, {}],
  ['an IPv6 host with a port', 'GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n', {}],
  [
    'an absolute form',
    `GET http://u.x:80/p?q HTTP/1.1\r\n${HOST}\r\n`,
    { authorityStart: 11, authorityEnd: 17, pathStart: 17, targetEnd: 21 },
  ],
  [
    'an absolute form without a path',
    `GET HTTPS://u HTTP/1.1\r\n${HOST}\r\n`,
    { authorityStart: 12, authorityEnd: 13, pathStart: 13, targetEnd: 13 },
  ],
  ['an asterisk', `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, { targetStart: 8, targetEnd: 9 }],
  ['as many fields as allowed', `GET / HTTP/1.1\r\n${HOST}a:\r\nb:\r\nc:\r\nd:\r\n\r\n`, {}],
]

const refused: [what: string, text: string, error: HeadError][] = [
  ['two empty lines', '\r\n\r\n', 'bad-request-line'],
  ['HTTP/0.9', 'GET /\r\n', 'bad-request-line'],
  ['no method', ' / HTTP/1.1\r\n', 'bad-request-line'],
  ['two spaces', 'GET  / HTTP/1.1\r\n', 'bad-request-line'],
  ['a space after the version', 'GET / HTTP/1.1 \r\n', 'bad-request-line'],
  ['a tab for a space', 'GET\t/ HTTP/1.1\r\n', 'bad-request-line'],
  ['a space in the target', 'GET /a b HTTP/1.1\r\n', 'bad-request-line'],
  ['a control character in the target', 'GET /\x01 HTTP/1.1\r\n', 'bad-request-line'],
  ['NUL in the target', 'GET /\0 HTTP/1.1\r\n', 'bad-request-line'],
  ['a byte above ASCII in the target', 'GET /\xe4 HTTP/1.1\r\n', 'bad-request-line'],
  ['a fragment', 'GET /#a HTTP/1.1\r\n', 'bad-request-line'],
  ['a small http', 'GET / http/1.1\r\n', 'bad-request-line'],
  ['a version without a dot', 'GET / HTTP/11\r\n', 'bad-request-line'],
  ['a version of three digits', 'GET / HTTP/1.10\r\n', 'bad-request-line'],
  ['a TLS hello', '\x16\x03\x01', 'bad-request-line'],
  ['an SSH hello that is no token first', '(SSH', 'bad-request-line'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n', 'unsupported-version'],
  ['HTTP/0.9 by name', 'GET / HTTP/0.9\r\n', 'unsupported-version'],
  ['a tunnel', `CONNECT a:80 HTTP/1.1\r\n`, 'unsupported-method'],
  ['an asterisk that is no OPTIONS', 'GET * HTTP/1.1\r\n', 'bad-target'],
  ['a relative target', 'GET a HTTP/1.1\r\n', 'bad-target'],
  ['another scheme', 'GET ftp://a/ HTTP/1.1\r\n', 'bad-target'],
  ['an absolute form without a host', 'GET http:///a HTTP/1.1\r\n', 'bad-target'],
  ['user information', 'GET http://a@b/ HTTP/1.1\r\n', 'bad-target'],
  ['LF for CR LF', 'GET / HTTP/1.1\n', 'bad-line-end'],
  ['LF after a field', `GET / HTTP/1.1\r\nHost: a\n`, 'bad-line-end'],
  ['LF for the empty line', `GET / HTTP/1.1\r\n${HOST}\n`, 'bad-line-end'],
  ['LF first', '\nGET / HTTP/1.1\r\n', 'bad-line-end'],
  ['CR in the request line', 'GET /\rX HTTP/1.1\r\n', 'bad-line-end'],
  ['CR CR LF', 'GET / HTTP/1.1\r\r\n', 'bad-request-line'],
  ['CR in a value', `GET / HTTP/1.1\r\na: b\rContent-Length: 5\r\n`, 'bad-line-end'],
  ['CR in a name', `GET / HTTP/1.1\r\na\rb: c\r\n`, 'bad-line-end'],
  ['a line of CR CR LF', `GET / HTTP/1.1\r\n${HOST}\r\r\n`, 'bad-line-end'],
  ['NUL in a value', `GET / HTTP/1.1\r\na: \0\r\n`, 'bad-field-value'],
  ['DEL in a value', `GET / HTTP/1.1\r\na: \x7f\r\n`, 'bad-field-value'],
  [
    'a vertical tab before chunked',
    `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: \x0bchunked\r\n`,
    'bad-field-value',
  ],
  ['a space before the colon', `GET / HTTP/1.1\r\nHost : a\r\n`, 'bad-field-name'],
  ['a tab before the colon', `GET / HTTP/1.1\r\nContent-Length\t: 1\r\n`, 'bad-field-name'],
  ['no name', 'GET / HTTP/1.1\r\n: a\r\n', 'bad-field-name'],
  ['no colon', 'GET / HTTP/1.1\r\nhost\r\n', 'bad-field-name'],
  ['NUL in a name', 'GET / HTTP/1.1\r\na\0: b\r\n', 'bad-field-name'],
  ['a byte above ASCII in a name', 'GET / HTTP/1.1\r\n\xe4: b\r\n', 'bad-field-name'],
  ['a field that goes on', `GET / HTTP/1.1\r\n${HOST} b\r\n`, 'folded-field'],
  ['a first field with a space before', `GET / HTTP/1.1\r\n Host: a\r\n`, 'folded-field'],
  ['a first field with a tab before', `GET / HTTP/1.1\r\n\tHost: a\r\n`, 'folded-field'],
  ['no host', 'GET / HTTP/1.1\r\n\r\n', 'bad-host'],
  ['two hosts', `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, 'bad-host'],
  ['two hosts in one', `GET / HTTP/1.1\r\nHost: a, b\r\n\r\n`, 'bad-host'],
  ['a host with a path', `GET / HTTP/1.1\r\nHost: a/b\r\n\r\n`, 'bad-host'],
  ['a host with a user', `GET / HTTP/1.1\r\nHost: a@b\r\n\r\n`, 'bad-host'],
  ['a length that is empty', `GET / HTTP/1.1\r\n${HOST}content-length:\r\n\r\n`, 'bad-content-length'],
  ['a length with a sign', `GET / HTTP/1.1\r\n${HOST}content-length: +5\r\n\r\n`, 'bad-content-length'],
  ['a negative length', `GET / HTTP/1.1\r\n${HOST}content-length: -5\r\n\r\n`, 'bad-content-length'],
  ['a length in hexadecimal', `GET / HTTP/1.1\r\n${HOST}content-length: 0x5\r\n\r\n`, 'bad-content-length'],
  [
    'a length with a space in it',
    `GET / HTTP/1.1\r\n${HOST}content-length: 1 2\r\n\r\n`,
    'bad-content-length',
  ],
  ['a length with a fraction', `GET / HTTP/1.1\r\n${HOST}content-length: 5.0\r\n\r\n`, 'bad-content-length'],
  ['a list of equal lengths', `GET / HTTP/1.1\r\n${HOST}content-length: 5, 5\r\n\r\n`, 'bad-content-length'],
  [
    'a length past what is exact',
    `GET / HTTP/1.1\r\n${HOST}content-length: 9999999999999999\r\n\r\n`,
    'bad-content-length',
  ],
  [
    'two equal lengths',
    `GET / HTTP/1.1\r\n${HOST}content-length: 5\r\ncontent-length: 5\r\n\r\n`,
    'bad-content-length',
  ],
  [
    'two lengths',
    `GET / HTTP/1.1\r\n${HOST}content-length: 0\r\ncontent-length: 5\r\n\r\n`,
    'bad-content-length',
  ],
  [
    'a length and an encoding',
    `GET / HTTP/1.1\r\n${HOST}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n`,
    'length-and-encoding',
  ],
  [
    'an encoding and a length',
    `GET / HTTP/1.1\r\n${HOST}transfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n`,
    'length-and-encoding',
  ],
  [
    'an encoding of HTTP/1.0',
    `GET / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n`,
    'bad-transfer-encoding',
  ],
  [
    'chunks twice',
    `GET / HTTP/1.1\r\n${HOST}transfer-encoding: chunked, chunked\r\n\r\n`,
    'bad-transfer-encoding',
  ],
  [
    'chunks that are not last',
    `GET / HTTP/1.1\r\n${HOST}transfer-encoding: chunked, identity\r\n\r\n`,
    'bad-transfer-encoding',
  ],
  [
    'two encodings',
    `GET / HTTP/1.1\r\n${HOST}transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n`,
    'bad-transfer-encoding',
  ],
  ['an empty encoding', `GET / HTTP/1.1\r\n${HOST}transfer-encoding:\r\n\r\n`, 'bad-transfer-encoding'],
  [
    'an encoding we do not have',
    `GET / HTTP/1.1\r\n${HOST}transfer-encoding: gzip, chunked\r\n\r\n`,
    'unsupported-transfer-encoding',
  ],
  [
    'an encoding that only ends like chunked',
    `GET / HTTP/1.1\r\n${HOST}transfer-encoding: xchunked\r\n\r\n`,
    'unsupported-transfer-encoding',
  ],
  [
    'quoted chunks',
    `GET / HTTP/1.1\r\n${HOST}transfer-encoding: "chunked"\r\n\r\n`,
    'unsupported-transfer-encoding',
  ],
  [
    'an expectation we do not have',
    `GET / HTTP/1.1\r\n${HOST}expect: 200-ok\r\n\r\n`,
    'unsupported-expectation',
  ],
  ['a target that is too long', `GET /${'a'.repeat(95)}`, 'request-line-too-long'],
  ['a whole request line that is too long', `GET /${'a'.repeat(90)} HTTP/1.1\r\n`, 'request-line-too-long'],
  ['a field that is too long', `GET / HTTP/1.1\r\n${HOST}a: ${'b'.repeat(400)}`, 'head-too-large'],
  ['too many fields', `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(6)}`, 'too-many-fields'],
]

describe('parse', () => {
  for (const [what, text, expected] of good) {
    it(`reads ${what}, wherever it is cut`, () => {
      for (let cut = 0; cut <= text.length; cut++) {
        const { head, state } = parse(text, [cut])
        assert.equal(state, 'done', `cut at ${cut}`)
        assert.equal(head.length, text.length)
        for (const [name, value] of Object.entries(expected))
          assert.equal(head[name as keyof Head], value, name)
      }
      const cut = parse(text, everywhere(text))
      assert.equal(cut.state, 'done')
    })
  }

  for (const [what, text, error] of refused) {
    it(`refuses ${what}, wherever it is cut`, () => {
      for (let cut = 0; cut < text.length; cut++)
        assert.equal(parse(text, [cut]).state, error, `cut at ${cut}`)
      assert.equal(parse(text, everywhere(text)).state, error)
    })
  }

  it('leaves what follows the head alone', () => {
    const request = `GET / HTTP/1.1\r\n${HOST}\r\n`
    assert.equal(parse(`${request}\nwhatever\r`).head.length, request.length)
  })

  it('answers whatever it is given, and the same wherever that is cut', () => {
    const piece = fc.constantFrom(
      'GET',
      ' ',
      '/',
      'HTTP/1.1',
      '\r\n',
      '\n',
      '\r',
      ':',
      'host',
      'a',
      '\t',
      ',',
      '5',
      'content-length',
      'transfer-encoding',
      'chunked',
      '\0',
      'ÿ',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.nat(), (pieces, cut) => {
        const text = pieces.join('')
        const whole = parse(text)
        const parts = parse(text, [cut % (text.length + 1)])
        assert.equal(answerTo(parts.state), answerTo(whole.state))
      }),
      { numRuns: 2000 },
    )
  })
})

/**
 * Of two errors in one line, the one that is seen may depend on how much of the line was there: also of one that is too
 * long.
 */
function answerTo(state: string): number | string {
  const answer = STATUS_OF[state as HeadError] ?? state
  return answer === 414 || answer === 431 ? 400 : answer
}
