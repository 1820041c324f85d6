/** Bytes, for a person. */
import type { Built } from './built.ts'

/** `143.2 kB`: thousands, as files and links are sold. */
export function bytes(size: number): string {
  if (size < 1000) return `${size} B`
  return size < 1_000_000 ? `${(size / 1000).toFixed(1)} kB` : `${(size / 1_000_000).toFixed(2)} MB`
}

/** What every package puts into the image, and what it weighs as a whole: lines. */
export function table({ parts, size, gzipSize, image }: Built): readonly string[] {
  const rows = [
    ...parts.map(({ name, size }) => [String(size), name] as const),
    [String(size), image] as const,
  ]
  const width = Math.max(...rows.map(([count]) => count.length))
  const lines = rows.map(([count, name]) => `${count.padStart(width)}  ${name}`)
  return [...lines.slice(0, -1), `${lines.at(-1)} (${gzipSize} with gzip)`]
}
