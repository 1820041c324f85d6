/** `queueMicrotask`, HTML standard §8.7, on the engine's promises. */

/** Calls `task` when what runs now is over. What it throws is an exception of the program. */
export function queueMicrotask(task: () => void): void {
  if (typeof task !== 'function') throw new TypeError('what is to be run is no function')
  void Promise.resolve().then(() => task())
}
