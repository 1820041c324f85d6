/** The website as a sealed process and as a machine: what a browser gets through a published port. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { missing } from '../../packages/engine-quickjs/src/files.ts'
import { skipWithout } from '../system.ts'
import { Project, type Running } from './running.ts'

const HTDOCS = path.resolve(import.meta.dirname, '../../unikernels/applications/static-website/htdocs')

const BIG_SIZE = 10_000_000

const TARGETS: readonly (readonly [name: string, skip: string | false])[] = [
  ['spt', missing('base-spt.elf', 'qjs-compile', 'spt')],
  ['virtio', missing('base-virtio.elf', 'qjs-compile') || skipWithout('qemu-system-x86_64')],
]

for (const [target, skip] of TARGETS) {
  describe(`the website on ${target}`, { skip }, () => {
    const project = new Project('applications/static-website')
    const big = randomBytes(BIG_SIZE)
    let running: Running | undefined
    let port = 0
    before(async () => {
      fs.writeFileSync(path.join(project.folder, 'htdocs/big.bin'), big)
      await project.configure(`--target=${target}`)
      running = project.run('--publish=0:80')
      port = Number((await running.prints(/127\.0\.0\.1:(\d+)/))[1])
      await running.prints(/listening on port 80/)
    })
    after(async () => {
      await running?.kill()
      project.remove()
    })

    it('is the page', async () => {
      const { status, body } = await get(port, '/')
      assert.equal(status, 200)
      assert.deepEqual(body, fs.readFileSync(path.join(HTDOCS, 'index.html')))
    })

    it('answers 200 requests over 20 connections', async () => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 20 })
      const answers = await Promise.all(Array.from({ length: 200 }, () => get(port, '/style.css', agent)))
      agent.destroy()
      const style = fs.readFileSync(path.join(HTDOCS, 'style.css'))
      assert.equal(answers.filter(({ status, body }) => status === 200 && body.equals(style)).length, 200)
    })

    it('gives 10 MB unharmed', async () => {
      const { status, body } = await get(port, '/big.bin')
      assert.equal(status, 200)
      assert.equal(body.length, BIG_SIZE)
      assert.equal(sha256(body), sha256(big))
    })

    it('ends at Ctrl-C', async () => {
      assert.equal(await running?.interrupt(), 0)
    })
  })
}

function get(port: number, path: string, agent?: http.Agent): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = http.get({ port, path, agent }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }))
    })
    request.on('error', reject)
  })
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
