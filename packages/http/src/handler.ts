/** What an application of HTTP is. */
import type { Request } from './request.ts'
import type { Response } from './response.ts'

/**
 * Answers a request. One of a connection is asked at a time. What it throws is logged and answered with 500,
 * and ends the connection.
 */
export type Handler = (request: Request) => Response | Promise<Response>
