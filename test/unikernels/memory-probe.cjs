/**
 * Loaded into the processes of a test by NODE_OPTIONS. At SIGUSR2 a process collects its garbage, and says in a file of
 * the folder MIRAGE_PROBE, which has its id for a name, how many bytes it still needs.
 */
const { writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { setFlagsFromString } = require('node:v8')
const { runInNewContext } = require('node:vm')

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
const file = join(process.env.MIRAGE_PROBE, String(process.pid))
let count = 0
writeFileSync(file, '')
process.on('exit', () => writeFileSync(file, 'over'))
process.on('SIGUSR2', () => {
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  writeFileSync(file, `${++count} ${heapUsed + external}`)
})
