/** Does nothing, and ends. */
export async function start(): Promise<void> {}
