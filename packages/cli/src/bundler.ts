/** esbuild: a process of its own, which is started when it is needed and ended when it is not. */

let isStarted = false

/** The bundler. It runs from the first use until `stopBundler`. */
export async function bundler(): Promise<typeof import('esbuild')> {
  isStarted = true
  return import('esbuild')
}

/** Ends the bundler's process, if there is one. A unikernel may run for months. */
export async function stopBundler(): Promise<void> {
  if (!isStarted) return
  isStarted = false
  const { stop } = await import('esbuild')
  await stop()
}
