import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GemmnetError } from './errors.js'

/**
 * The folder gemmnet is installed in: the nearest one above this file whose `package.json` is
 * gemmnet's. The compiled code lies in `dist/lib`, the files it needs do not.
 *
 * @throws GemmnetError `ERR_NO_DATA` if there is none, as when gemmnet was bundled
 */
export function findPackageRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url))
  for (let folder = start; ; folder = dirname(folder)) {
    if (packageName(folder) === 'gemmnet') return folder
    if (folder === dirname(folder)) break
  }
  throw new GemmnetError(
    'ERR_NO_DATA',
    `gemmnet's package folder was not found above ${start}; ` +
      'if gemmnet was bundled, mark it as external',
  )
}

function packageName(folder: string): unknown {
  try {
    const content: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    return typeof content === 'object' && content !== null && 'name' in content
      ? content.name
      : undefined
  } catch {
    return undefined // no such file, or somebody else's broken one
  }
}
