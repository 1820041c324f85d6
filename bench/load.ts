/** Load for a web server on the kernel's loopback: wrk where it is installed, else a client of ours. */
import { spawn, spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'

/** What loads the server, in words. */
export const CLIENT: string =
  spawnSync('wrk', ['-v']).error === undefined ? 'wrk' : 'a client in a process of its own'

const REQUEST = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'

/** Requests a second of `connections` to `port` for `seconds`, each with one request at a time. */
export async function load(port: number, connections: number, seconds: number): Promise<number> {
  const url = `http://127.0.0.1:${port}/`
  const output =
    CLIENT === 'wrk'
      ? await outputOf('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, url])
      : await outputOf(process.execPath, [
          fileURLToPath(import.meta.url),
          String(port),
          String(connections),
          String(seconds),
        ])
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(output)
  if (rate === null) throw new Error(`${CLIENT} said: ${output}`)
  return Number(rate[1])
}

function outputOf(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve(output))
  })
}

/** The client: every response has the length of the first. */
function main(port: number, connections: number, seconds: number): void {
  let count = 0
  for (let i = 0; i < connections; i++) {
    let size = 0
    let length = 0
    const socket = connect(port, '127.0.0.1', () => socket.write(REQUEST))
    socket.on('data', (chunk) => {
      if (size === 0) size = sizeOf(chunk.toString('latin1'))
      length += chunk.length
      if (length < size) return
      length = 0
      count++
      socket.write(REQUEST)
    })
  }
  setTimeout(() => {
    console.log(`Requests/sec: ${count / seconds}`)
    process.exit()
  }, seconds * 1000)
}

/** Bytes of the response that begins with `text`, which has its whole head. */
export function sizeOf(text: string): number {
  const head = text.indexOf('\r\n\r\n')
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(text)
  if (head < 0 || length === null) throw new Error(`no head with a length: ${text.slice(0, 500)}`)
  return head + 4 + Number(length[1])
}

const [, script, ...args] = process.argv
if (script === fileURLToPath(import.meta.url)) main(Number(args[0]), Number(args[1]), Number(args[2]))
