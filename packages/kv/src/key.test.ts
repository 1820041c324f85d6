import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { err, ok } from '@mirage/result'
import * as fc from 'fast-check'
import * as Key from './key.ts'

const segment = fc.string({ minLength: 1 }).filter((text) => !text.includes('/'))
const anyKey = fc.array(segment).map((segments) => Key.parse(segments.join('/')))

describe('key', () => {
  const paths: [path: string, segments: string[], formatted: string][] = [
    ['', [], '/'],
    ['/', [], '/'],
    ['//', [], '/'],
    ['foo', ['foo'], '/foo'],
    ['/foo/bar', ['foo', 'bar'], '/foo/bar'],
    ['foo/bar', ['foo', 'bar'], '/foo/bar'],
    ['/foo//bar/', ['foo', 'bar'], '/foo/bar'],
    ['/./../a', ['.', '..', 'a'], '/./../a'],
    ['a b/%2f', ['a b', '%2f'], '/a b/%2f'],
  ]
  for (const [path, segments, formatted] of paths) {
    it(`parses ${JSON.stringify(path)}`, () => {
      assert.deepEqual([...Key.parse(path)], segments)
      assert.equal(Key.format(Key.parse(path)), formatted)
    })
  }

  it('adds a segment', () => {
    assert.deepEqual(Key.add(Key.empty, 'foo'), ok(Key.parse('/foo')))
    assert.deepEqual(Key.add(Key.parse('/foo'), 'bar'), ok(Key.parse('/foo/bar')))
  })

  it('adds no segment that is empty or has a slash', () => {
    for (const bad of ['', '/', 'foo/bar', '/foo', 'foo/'])
      assert.deepEqual(Key.add(Key.empty, bad), err('bad-segment'))
  })

  it('appends a key to a key', () => {
    const foo = Key.parse('/foo')
    assert.deepEqual(Key.append(foo, Key.parse('/bar/baz')), Key.parse('/foo/bar/baz'))
    assert.deepEqual(Key.append(Key.empty, foo), foo)
    assert.deepEqual(Key.append(foo, Key.empty), foo)
  })

  it('has no name and no parent but itself at the empty key', () => {
    assert.equal(Key.basename(Key.empty), '')
    assert.deepEqual(Key.parent(Key.empty), Key.empty)
  })

  it('is a prefix of what lies below it, and of itself', () => {
    const a = Key.parse('/a')
    assert.ok(Key.isPrefix(Key.empty, a))
    assert.ok(Key.isPrefix(a, a))
    assert.ok(Key.isPrefix(a, Key.parse('/a/b')))
    assert.ok(!Key.isPrefix(a, Key.parse('/ab')))
    assert.ok(!Key.isPrefix(Key.parse('/a/b'), a))
  })

  it('is equal by its segments', () => {
    assert.ok(Key.equal(Key.parse('a//b'), Key.parse('/a/b/')))
    assert.ok(!Key.equal(Key.parse('/a'), Key.parse('/a/b')))
    assert.ok(!Key.equal(Key.parse('/a/b'), Key.parse('/a/c')))
  })

  it('cannot be changed', () => {
    assert.throws(() => (Key.parse('/a') as unknown as string[]).push('b'))
  })

  it('parses what it formats', () => {
    fc.assert(fc.property(anyKey, (key) => assert.deepEqual(Key.parse(Key.format(key)), key)))
  })

  it('is its parent and its name', () => {
    fc.assert(
      fc.property(anyKey, segment, (key, name) => {
        const child = Key.add(key, name)
        assert.ok(child.ok)
        assert.deepEqual(Key.parent(child.value), key)
        assert.equal(Key.basename(child.value), name)
      }),
    )
  })
})
