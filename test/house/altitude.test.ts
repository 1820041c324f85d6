/** Imports point up the list in ARCHITECTURE.md, and every import is declared. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, it } from 'node:test'
import { ROOT, importsOf, isTest, packages, sources } from './packages.ts'

/** Every package name in the order of the list: a package may import those before it. */
function altitudes(): readonly string[] {
  const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8')
  const list = /```text\n([\s\S]*?)```/.exec(text)?.[1] ?? ''
  return list.split('\n').flatMap((line) => (line.split(/ {3,}/)[0] ?? '').split(' ').filter(Boolean))
}

describe('the floor plan', () => {
  const order = altitudes()
  const all = packages()

  it('lists every package once', () => {
    assert.deepEqual(
      [...order].sort(),
      all.map(({ name }) => name),
    )
  })

  for (const room of all) {
    it(`${room.name} imports only what is above it, and declares it`, () => {
      for (const file of sources(room)) {
        const text = readFileSync(join(room.folder, file), 'utf8')
        for (const specifier of importsOf(text)) {
          if (specifier.startsWith('.') || specifier.startsWith('node:')) continue
          const [scope, bare] = specifier.split('/')
          const name = specifier.startsWith('@') ? `${scope}/${bare}` : scope!
          if (!isTest(file))
            assert.ok(room.dependencies.includes(name), `${room.name}/${file}: ${name} is not declared`)
          if (scope !== '@mirage' || bare === room.name || isTest(file)) continue
          assert.ok(
            order.indexOf(bare!) < order.indexOf(room.name),
            `${room.name}/${file} imports ${bare}, which is below`,
          )
        }
      }
    })

    it(`${room.name} declares nothing that it does not import`, () => {
      const texts = sources(room).map((file) => readFileSync(join(room.folder, file), 'utf8'))
      const used = new Set(
        texts.flatMap(importsOf).map((specifier) =>
          specifier
            .split('/')
            .slice(0, specifier.startsWith('@') ? 2 : 1)
            .join('/'),
        ),
      )
      const spawned = (name: string): boolean =>
        texts.some((text) => text.includes(`'${name}/`) || text.includes(`'${name}'`))
      assert.deepEqual(
        room.dependencies.filter((name) => !used.has(name) && !spawned(name)),
        [],
      )
    })

    it(`${room.name} has no two files that import each other`, () => {
      const edges = new Map(
        sources(room)
          .filter((file) => !isTest(file))
          .map((file) => [file, localImports(room.folder, file)]),
      )
      assert.deepEqual(cycle(edges), undefined)
    })
  }
})

/** The files of the same package that `file` imports when it runs: a type is no import. */
function localImports(folder: string, file: string): readonly string[] {
  const text = readFileSync(join(folder, file), 'utf8').replace(
    /^\s*(import|export) type [\s\S]*?from '[^']+'/gm,
    '',
  )
  return importsOf(text)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => normalize(join(dirname(file), specifier)))
}

/** The files of one cycle, or nothing. */
function cycle(edges: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const finished = new Set<string>()
  const visit = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (finished.has(file)) return undefined
    for (const next of edges.get(file) ?? []) {
      const found = visit(next, [...path, file])
      if (found !== undefined) return found
    }
    finished.add(file)
    return undefined
  }
  for (const file of edges.keys()) {
    const found = visit(file, [])
    if (found !== undefined) return found
  }
  return undefined
}
