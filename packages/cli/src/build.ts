/** Builds a project: reads its configuration, links the image, and puts it in its place. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Result, err, ok } from '@mirage/result'
import { type Built, fromProject, imagePath, interfacesOf, remember, stampInputs } from './built.ts'
import type { Context } from './context.ts'
import { entry } from './entry.ts'
import { writeWhole } from './file.ts'
import { link } from './link.ts'
import { load, wire } from './load.ts'
import { bundleNetwork } from './network-bundle.ts'
import { type Failure, failure, reason } from './problem.ts'
import type { Project } from './project.ts'

/** Builds what `context` says. On failure nothing has changed: what was built before is still there. */
export async function build(project: Project, context: Context): Promise<Result<Built, Failure>> {
  const begun = Date.now()
  const loaded = await load(project, { types: true })
  if (!loaded.ok) return loaded
  const { unikernel, inputs } = loaded.value
  const graph = wire(loaded.value, context.choices, project)
  if (!graph.ok) return graph
  const file = imagePath(project, unikernel.name, context)
  const image = await link(project, entry(unikernel, graph.value, context.choices), file)
  if (!image.ok) return image
  const { code, map, parts, gzipSize } = image.value
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeWhole(`${file}.map`, map)
    writeWhole(file, code)
  } catch (error) {
    return err(failure(123, `${fromProject(project, file)} cannot be written: ${reason(error)}`))
  }
  const interfaces = interfacesOf(graph.value)
  const tool = interfaces.length > 0 ? await bundleNetwork(project) : []
  const built: Built = {
    name: unikernel.name,
    target: String(context.choices['target']),
    image: fromProject(project, file),
    size: code.length,
    gzipSize,
    parts,
    interfaces,
    publish: unikernel.publish,
  }
  remember(project, context, built, stampInputs(project, [...inputs, ...image.value.inputs, ...tool], begun))
  return ok(built)
}
