/** `mirage clean` */
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { err, ok } from '@mirage/result'
import { fromProject, images } from '../built.ts'
import type { Command } from '../command.ts'
import { removeIfEmpty } from '../file.ts'
import { BUNDLE } from '../network-bundle.ts'
import { failure, reason } from '../problem.ts'
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
    const made = images(project.value)
    const remembered = ['context', 'build.json', BUNDLE].map((name) => join(cache, name))
    // What says that there are images goes last: a clean that failed can be repeated.
    for (const path of [...made.flatMap((image) => [image, `${image}.map`]), ...remembered]) {
      try {
        rmSync(path, { force: true })
      } catch (error) {
        return err(failure(123, `${fromProject(project.value, path)} cannot be removed: ${reason(error)}`))
      }
    }
    for (const folder of [...made.map(dirname), cache]) removeIfEmpty(folder, project.value.folder)
    return ok(0)
  },
}
