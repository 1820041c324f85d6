/** Our classes, together. */
import { AbortController, AbortSignal } from '../abort.ts'
import { Blob, File } from '../blob.ts'
import { DOMException } from '../dom-exception.ts'
import { Event } from '../event.ts'
import { EventTarget } from '../event-target.ts'
import { FormData } from '../form-data.ts'
import { Headers } from '../headers.ts'
import { Request } from '../request.ts'
import { Response } from '../response.ts'
import { ReadableStream, TransformStream, WritableStream } from '../streams.ts'
import { TextDecoder } from '../text-decoder.ts'
import { TextEncoder } from '../text-encoder.ts'
import { URL, URLSearchParams } from '../url.ts'
import type { Web } from './case.ts'

/** In the place of Node's. */
export const ours: Web = {
  AbortController,
  AbortSignal,
  Blob,
  DOMException,
  Event,
  EventTarget,
  File,
  FormData,
  Headers,
  ReadableStream,
  Request,
  Response,
  TextDecoder,
  TextEncoder,
  TransformStream,
  URL,
  URLSearchParams,
  WritableStream,
} as unknown as Web
