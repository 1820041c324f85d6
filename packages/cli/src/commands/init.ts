/** `mirage init` */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { optional, text } from '@mirage/argument'
import { err, ok } from '@mirage/result'
import type { Command } from '../command.ts'
import { failure, reason } from '../problem.ts'
import { manifest, template } from '../template.ts'

const positional = {
  name: optional(text({ docv: 'NAME', doc: 'A new folder for the project. The current one unless given.' })),
}

/** Writes a small project that works. */
export const command: Command<Record<string, never>, typeof positional> = {
  name: 'init',
  summary: 'Makes a project: a unikernel that serves a page.',
  args: {},
  positional,
  takesRest: false,
  async run({ positional: { name } }, terminal) {
    const folder = resolve(terminal.folder, name ?? '.')
    const called = basename(folder)
    if (!/^[a-z0-9][a-z0-9_-]*$/.test(called)) {
      return err(failure(124, `'${called}' cannot be the name of a project: small letters, digits, - and _`))
    }
    const files = template(called)
    const there = Object.keys(files).filter((path) => existsSync(join(folder, path)))
    if (there.length > 0) {
      const problems = there.map((path) => ({
        file: join(folder, path),
        message: 'is there already; nothing was written',
      }))
      return err({ code: 1, problems })
    }
    const hasManifest = existsSync(join(folder, 'package.json'))
    try {
      // npm makes a package.json when it installs the tool, before there is a project.
      write(folder, hasManifest ? files : { ...files, 'package.json': manifest(called) })
    } catch (error) {
      return err(failure(123, `${folder} cannot be written: ${reason(error)}`))
    }
    for (const path of Object.keys(files)) terminal.say(`  ${name === undefined ? path : join(name, path)}`)
    const enter = name === undefined ? '' : `cd ${name} && `
    const steps = ['configure', 'build', 'run'].map((step) => `${terminal.program} ${step}`)
    terminal.say(`Now run: ${enter}${steps.join(' && ')}`)
    return ok(0)
  },
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    // Whatever came there since it was looked for stays.
    writeFileSync(join(folder, path), content, { flag: 'wx' })
  }
}
