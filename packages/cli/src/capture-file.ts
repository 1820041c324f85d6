/** The file of `mirage run --capture`. */
import { openSync } from 'node:fs'
import { type Result, err, ok } from '@mirage/result'
import { type CaptureFile, captureFile, reasonOf } from '@mirage/target-node/capture-file'
import { type Failure, failure } from './problem.ts'

/** Creates the file, or empties it. `complain` is told once if it cannot be written any more. */
export function openCapture(path: string, complain: (message: string) => void): Result<CaptureFile, Failure> {
  try {
    const file = openSync(path, 'w')
    return ok(captureFile(file, (reason) => complain(`${path} cannot be written any more: ${reason}`)))
  } catch (error) {
    return err(failure(123, `option --capture: ${path} cannot be written: ${reasonOf(error)}`))
  }
}
