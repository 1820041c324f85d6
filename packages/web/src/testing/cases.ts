/** What the classes do, as a table: for ours and Node's, and for ours on an engine that has none. */
import type { Case } from './case.ts'
import { BODIES } from './cases/bodies.ts'
import { EVENTS } from './cases/events.ts'
import { FORMS } from './cases/forms.ts'
import { HEADERS } from './cases/headers.ts'
import { REQUESTS } from './cases/requests.ts'
import { RESPONSES } from './cases/responses.ts'
import { STREAMS } from './cases/streams.ts'
import { TEXTS } from './cases/texts.ts'
import { URLS } from './cases/urls.ts'

/** Every case. */
export const CASES: readonly Case[] = [
  ...HEADERS,
  ...BODIES,
  ...FORMS,
  ...RESPONSES,
  ...REQUESTS,
  ...EVENTS,
  ...TEXTS,
  ...URLS,
  ...STREAMS,
]
