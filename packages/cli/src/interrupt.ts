/** What is undone when a signal ends this program in the middle of its work. */

/** Calls `undo` before SIGINT or SIGTERM ends this process, until the returned function is called. */
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
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  return forget
}
