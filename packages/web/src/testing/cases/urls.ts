/** `URL`. */
import type { Case } from '../case.ts'

/** See `CASES`. */
export const URLS: readonly Case[] = [
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
]
