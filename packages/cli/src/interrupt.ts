/** What is undone when something ends this program in the middle of its work. */

/** Calls `undo` before a signal or a call of `process.exit` ends this process, until the returned function is called. */
export function onInterrupt(undo: () => void): () => void {
  const end = (signal: NodeJS.Signals): void => {
    undo()
    forget()
    // Nobody listens any more: now it does what it would have done.
    process.kill(process.pid, signal)
  }
  const forget = (): void => {
    process.off('SIGINT', end)
    process.off('SIGTERM', end)
    process.off('exit', undo)
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  process.on('exit', undo)
  return forget
}
