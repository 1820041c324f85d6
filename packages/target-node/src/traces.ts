/**
 * Stack traces in the words of the sources, by the source map beside an image.
 *
 * Node does it as well (`--enable-source-maps`), but reads the map and counts the lines of every module that it loads,
 * which takes 13 ms of a start that shall take 150. Here the first trace that somebody asks for reads it.
 */
import { SourceMap, type SourceMapPayload, type SourceOrigin } from 'node:module'
import { fileURLToPath } from 'node:url'
import { fs } from './host.ts'

/** From now on, traces of errors in the image at `url` are told in the words of its sources. */
export function traceSources(url: string): void {
  let map: SourceMap | 'none' | undefined
  Error.prepareStackTrace = (error, calls) => {
    map ??= readMap(url) ?? 'none'
    const origins = calls.map((call) => (map === 'none' ? undefined : origin(call, map!, url)))
    // A map has the name of a function where it is called.
    const lines = calls.map((call, i) => place(call, origins[i], origins[i + 1]?.name))
    return [title(error), ...lines].join('\n    at ')
  }
}

/** The map of the image at `url`; nothing where there is none that can be read. */
function readMap(url: string): SourceMap | undefined {
  try {
    const payload = JSON.parse(fs.readFileSync(new URL(`${url}.map`), 'utf8')) as SourceMapPayload
    const sources = payload.sources.map((source) => {
      const place = new URL(source, url)
      // What was generated, as files in the image are, is no file: its name has to do.
      return place.protocol === 'file:' ? fileURLToPath(place) : source
    })
    return new SourceMap({ ...payload, sources })
  } catch {
    return undefined
  }
}

function origin(call: NodeJS.CallSite, map: SourceMap, url: string): SourceOrigin | undefined {
  if (call.getFileName() !== url) return undefined
  const found = map.findOrigin(call.getLineNumber() ?? 1, call.getColumnNumber() ?? 1)
  return 'fileName' in found ? found : undefined
}

function place(call: NodeJS.CallSite, origin: SourceOrigin | undefined, name: string | undefined): string {
  // oxlint-disable-next-line typescript/no-base-to-string -- a call site tells its place
  if (origin === undefined) return String(call)
  const { fileName, lineNumber, columnNumber } = origin
  const where = `${fileName}:${lineNumber}:${columnNumber}`
  const who = name ?? call.getFunctionName()
  return who === null ? where : `${call.isAsync() ? 'async ' : ''}${who} (${where})`
}

/** What an error says of itself; anything may be thrown inside. */
function title(error: Error): string {
  try {
    return Error.prototype.toString.call(error)
  } catch {
    return 'Error'
  }
}
