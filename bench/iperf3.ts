/** iperf3 over the kernel's loopback: what bulk transfers are compared with. */
import { spawn } from 'node:child_process'
import { type Result, err, ok } from '@mirage/result'

const PORT = 5219
const SECONDS = 2

/**
 * Gbit/s of one TCP connection, whose segments have at most `mss` bytes where that is told. Even so the kernel does less than we do: it
 * carries up to 64 KiB at a time from end to end (GSO), computes no checksum over loopback, and has two cores.
 */
export async function iperf3(mss?: number): Promise<Result<number, string>> {
  const server = spawn('iperf3', ['--server', '--one-off', '--forceflush', '--port', String(PORT)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const isThere = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.stdout.once('data', () => resolve(true))
  })
  if (!isThere) return err('iperf3 is not installed')
  const args = [
    '--client',
    '127.0.0.1',
    '--port',
    String(PORT),
    '--time',
    String(SECONDS),
    ...(mss === undefined ? [] : ['--set-mss', String(mss)]),
  ]
  const output = await text([...args, '--json'])
  const report = JSON.parse(output) as {
    error?: string
    end?: { sum_received?: { bits_per_second: number } }
  }
  const bits = report.end?.sum_received?.bits_per_second
  if (bits === undefined) {
    server.kill()
    return err(`iperf3: ${report.error ?? 'no result'}`)
  }
  return ok(bits / 1e9)
}

function text(args: readonly string[]): Promise<string> {
  const client = spawn('iperf3', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  client.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  return new Promise((resolve) => {
    client.once('close', () => resolve(output))
  })
}
