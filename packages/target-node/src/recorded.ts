/** Records the devices that this process was started with, where whoever has started it wants them recorded. */
import { source } from '@mirage/console/logs'
import type { Net } from '@mirage/net'
import { type Capture, capture, captured } from '@mirage/net/capture'
import { captureFile } from './capture-file.ts'
import { clock } from './clock.ts'

const log = source('net')

/** What is to be recorded. */
interface Wish {
  /** The descriptor of a file that is open. */
  readonly file: number
  /** By the descriptors of devices, the names of their interfaces in the recording. */
  readonly names: ReadonlyMap<number, string>
}

let recording: Capture | undefined

/**
 * `net`, which this process was started with as `descriptor`; recorded if the environment says so. `MIRAGE_CAPTURE` is
 * `5 3=net 4=admin` where two devices go to the file that is open as descriptor 5. What is recorded is what the device
 * is given and gives: without the header that may be in front of a frame, uncut where segmentation is left to the
 * kernel, and its checksum not filled in yet where that is. The file is whole once the process exits; of one that is
 * killed the last tenth of a second may be missing.
 */
export function recorded(net: Net, descriptor: number): Net {
  const wish = wishOf(process.env['MIRAGE_CAPTURE'])
  const name = wish?.names.get(descriptor)
  if (wish === undefined || name === undefined) return net
  recording ??= begin(wish.file)
  return captured(net, recording.add({ name, mac: net.mac }))
}

function wishOf(text: string | undefined): Wish | undefined {
  if (text === undefined) return undefined
  const [file, ...devices] = text.split(' ')
  const names = devices.map((each) => {
    const [descriptor, name = ''] = each.split('=', 2)
    return [Number(descriptor), name] as const
  })
  return { file: Number(file), names: new Map(names) }
}

function begin(descriptor: number): Capture {
  const file = captureFile(descriptor, (reason) =>
    log.warning(() => `the network is not recorded any more, the file cannot be written: ${reason}`),
  )
  process.on('exit', () => file.close())
  return capture((bytes) => file.write(bytes), clock, 'mirage run')
}
