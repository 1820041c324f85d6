/** What the host's error codes mean to a gateway. */
import type { BindError, HostConnectError } from './host.ts'

export function connectErrorOf({ code = '' }: NodeJS.ErrnoException): HostConnectError {
  switch (code) {
    case 'ECONNREFUSED':
    case 'ECONNRESET':
      return 'refused'
    case 'ETIMEDOUT':
      return 'timed-out'
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOBUFS':
    case 'ENOMEM':
    case 'EADDRNOTAVAIL':
      return 'exhausted'
    default:
      return 'unreachable'
  }
}

export function bindErrorOf({ code = '' }: NodeJS.ErrnoException): BindError {
  switch (code) {
    case 'EADDRINUSE':
      return 'port-in-use'
    case 'EACCES':
    case 'EPERM':
      return 'no-permission'
    case 'EADDRNOTAVAIL':
      return 'no-address'
    default:
      return 'exhausted'
  }
}
