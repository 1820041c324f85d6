/** What a running unikernel may ask of the runtime: its name, and to be told before it ends. */

/** Runs once, when the application has ended and every device is still connected. */
export type ExitHook = () => void | Promise<void>

let name = 'mirage'
let hooks: ExitHook[] = []

/** Runs `hook` before the unikernel ends: the last one given first, each when the one before is done. */
export function atExit(hook: ExitHook): void {
  hooks.push(hook)
}

/** The name of this unikernel: what it was built as, or what `--name` says. */
export function unikernelName(): string {
  return name
}

/** For the boot: says what `unikernelName` tells from now on. */
export function setUnikernelName(next: string): void {
  name = next
}

/** For the end: the hooks in the order in which to run them. They are forgotten here. */
export function takeExitHooks(): readonly ExitHook[] {
  const taken = hooks.reverse()
  hooks = []
  return taken
}
