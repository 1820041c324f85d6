/** Builds a project: reads its configuration, links the image, and puts it in its place. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { gzipSync } from 'node:zlib'
import { attachments, isImage } from '@mirage/configure/attachment'
import type { Target } from '@mirage/configure/option'
import { type Result, err, ok } from '@mirage/result'
import { type Built, fromProject, imagePath, interfacesOf, remember, stampInputs } from './built.ts'
import type { Context } from './context.ts'
import { entry } from './entry.ts'
import { writeWhole } from './file.ts'
import { machineImage } from './image.ts'
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
  const target = context.choices['target'] as Target
  const linked = await link(project, entry(unikernel, graph.value, context.choices), file, target)
  if (!linked.ok) return linked
  const { map, parts } = linked.value
  const attached = isImage(target) ? attachments(graph.value, context.choices) : []
  const image = isImage(target)
    ? await machineImage(project, unikernel.name, target, linked.value.code, attached)
    : ok({ bytes: linked.value.code, parts: [], inputs: [] })
  if (!image.ok) return image
  const { bytes } = image.value
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeWhole(`${file}.map`, map)
    writeWhole(file, bytes)
  } catch (error) {
    return err(failure(123, `${fromProject(project, file)} cannot be written: ${reason(error)}`))
  }
  const interfaces = isImage(target) ? [] : interfacesOf(graph.value)
  const hasNetwork = interfaces.length > 0 || attached.some(({ kind }) => kind === 'net')
  const tool = hasNetwork ? await bundleNetwork(project) : []
  const built: Built = {
    name: unikernel.name,
    target,
    image: fromProject(project, file),
    size: bytes.length,
    gzipSize: gzipSync(bytes).length,
    parts: [...parts, ...image.value.parts],
    interfaces,
    attached,
    publish: unikernel.publish,
  }
  remember(
    project,
    context,
    built,
    stampInputs(project, [...inputs, ...linked.value.inputs, ...image.value.inputs, ...tool], begun),
  )
  return ok(built)
}
