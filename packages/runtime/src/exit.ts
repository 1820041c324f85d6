/** The codes with which a unikernel can end. */
export const EXIT = {
  ok: 0,
  /** A device could not be connected, the application said why it failed, or the end was not orderly. */
  failure: 1,
  /** Help or version were asked for, and shown. */
  help: 63,
  badArgument: 64,
  /** Something was thrown that nobody caught. */
  uncaught: 255,
} as const
