/** Links what the engine of an image does faster than JavaScript, in place of what does the same everywhere. */
import type { Plugin } from 'esbuild'

const INTRINSICS: Readonly<Record<string, string>> = {
  '@mirage/bytes/checksum': '@mirage/target-solo5/checksum',
  '@mirage/bytes/copy': '@mirage/target-solo5/copy',
  '@mirage/bytes/latin1': '@mirage/target-solo5/latin1',
  '@mirage/crypto/sha256': '@mirage/target-solo5/sha256',
  '@mirage/crypto/chacha20': '@mirage/target-solo5/chacha20',
  '@mirage/crypto/chacha20-poly1305': '@mirage/target-solo5/chacha20-poly1305',
  '@mirage/crypto/aes-gcm': '@mirage/target-solo5/aes-gcm',
}

/** The plugin. Only a replacement itself gets what it replaces. */
export function intrinsics(): Plugin {
  return {
    name: 'mirage-intrinsics',
    setup(build) {
      build.onResolve({ filter: /^@mirage\// }, ({ path, kind, importer, resolveDir }) => {
        const replacement = INTRINSICS[path]
        if (replacement === undefined || /target-solo5\/(src|dist)\/[^/]+$/.test(importer)) return undefined
        return build.resolve(replacement, { kind, importer, resolveDir })
      })
    },
  }
}
