/** How a TCP socket of Node is reset, also while it is being shut down. */
import type { Socket } from 'node:net'

/**
 * Tells the peer of `socket` that nothing more comes, and has what waits for it thrown away. While the host is told to
 * shut it down Node cannot reset it, and would keep it for ever, and with it the process: it is reset right after that.
 */
export function reset(socket: Socket): void {
  // What is not written yet holds the shutdown back, and is not written any more.
  const isShutting = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0
  if (isShutting) socket.once('finish', () => socket.resetAndDestroy())
  else socket.resetAndDestroy()
}
