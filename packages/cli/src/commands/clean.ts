/** `mirage clean` */
import { rmSync, rmdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ok } from '@mirage/result'
import { images } from '../built.ts'
import type { Command } from '../command.ts'
import { BUNDLE } from '../network-bundle.ts'
import { find } from '../project.ts'

/** Removes what the tool made. */
export const command: Command<Record<string, never>, Record<string, never>> = {
  name: 'clean',
  summary: 'Removes what configure and build made, and nothing else.',
  args: {},
  positional: {},
  takesRest: false,
  async run({ common }, terminal) {
    const project = find(common.file, terminal.folder)
    if (!project.ok) return project
    const { cache } = project.value
    for (const image of images(project.value)) {
      for (const path of [image, `${image}.map`]) rmSync(path, { force: true })
      removeIfEmpty(dirname(image))
    }
    for (const name of ['context', 'build.json', BUNDLE]) rmSync(join(cache, name), { force: true })
    removeIfEmpty(cache)
    return ok(0)
  },
}

/** A folder in which somebody else keeps something stays. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // It is not empty, or not there: both are as they should be.
  }
}
