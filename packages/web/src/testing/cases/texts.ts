/** `TextEncoder`, `TextDecoder`. */
import type { Case } from '../case.ts'

/** See `CASES`. */
export const TEXTS: readonly Case[] = [
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
]
