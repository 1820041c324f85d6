import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ok } from '@mirage/result'
import { formatManifestJson, parseManifestJson } from './manifest-json.ts'

const HEAD = '"type":"solo5.manifest","version":1'

describe('a manifest as JSON', () => {
  it('names the devices, as Solo5 documents it', () => {
    const text = `{${HEAD},"devices":[{"name":"storage","type":"BLOCK_BASIC"},{"name":"service","type":"NET_BASIC"}]}`
    const devices = [
      { name: 'storage', type: 'BLOCK_BASIC' },
      { name: 'service', type: 'NET_BASIC' },
    ] as const
    assert.deepEqual(parseManifestJson(text), ok(devices))
    assert.deepEqual(parseManifestJson(formatManifestJson(devices)), ok(devices))
  })

  const many = Array.from({ length: 64 }, (_, index) => `{"name":"d${index}","type":"NET_BASIC"}`).join()
  const wrong: [text: string, error: RegExp][] = [
    ['{', /JSON/],
    ['[]', /^expected an object$/],
    [`{${HEAD},"devices":[],"k":1}`, /^unknown key: k$/],
    ['{"version":1,"devices":[]}', /^missing \.type$/],
    ['{"type":"x","version":1,"devices":[]}', /^\.type: invalid value, expected "solo5\.manifest"$/],
    ['{"type":"solo5.manifest","devices":[]}', /^missing \.version$/],
    ['{"type":"solo5.manifest","version":2,"devices":[]}', /^\.version: invalid version 2, expected 1$/],
    [`{${HEAD}}`, /^missing \.devices\[\]$/],
    [`{${HEAD},"devices":[${many}]}`, /^\.devices\[\]: too many entries, maximum 63$/],
    [`{${HEAD},"devices":[{"type":"NET_BASIC"}]}`, /^missing \.name$/],
    [`{${HEAD},"devices":[{"name":"a"}]}`, /^missing \.type$/],
    [`{${HEAD},"devices":[{"name":"a","type":"X"}]}`, /^\.type: invalid value/],
    [`{${HEAD},"devices":[{"name":"a-b","type":"NET_BASIC"}]}`, /^\.name: invalid value/],
    [`{${HEAD},"devices":[1]}`, /expected an object/],
    [`{${HEAD},"devices":[{"name":"a","type":"NET_BASIC"},{"name":"a","type":"NET_BASIC"}]}`, /there twice/],
  ]
  for (const [text, error] of wrong) {
    it(`is rejected with ${error.source}`, () => {
      const devices = parseManifestJson(text)
      assert.match(devices.ok ? 'accepted' : devices.error, error)
    })
  }
})
