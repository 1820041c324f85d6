/** `mirage clean` */
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ok } from '@mirage/result'
import { images } from '../built.ts'
import type { Command } from '../command.ts'
import { removeIfEmpty } from '../file.ts'
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
      removeIfEmpty(dirname(image), project.value.folder)
    }
    for (const name of ['context', 'build.json', BUNDLE]) rmSync(join(cache, name), { force: true })
    removeIfEmpty(cache, project.value.folder)
    return ok(0)
  },
}
