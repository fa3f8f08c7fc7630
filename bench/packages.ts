import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { findPackageRoot } from '../lib/package_root.js'

// The packages of bench/package.json. They are not gemmnet's own dependencies, so neither Node nor
// TypeScript finds them from here: each contender says which of a package's functions it uses.

const require = createRequire(join(findPackageRoot(), 'bench', 'package.json'))
const howToInstall = 'not installed: npm ci --prefix bench --ignore-scripts'

/** The file that a package's name stands for. */
export function find(name: string): string {
  try {
    return require.resolve(name)
  } catch {
    throw new Error(howToInstall)
  }
}

/** What `require` gives for it. */
export function load(name: string): unknown {
  return require(find(name)) as unknown
}

/** The version that is installed; throws where none is. */
export function versionOf(name: string): string {
  for (let folder = dirname(find(name)); folder !== dirname(folder); folder = dirname(folder))
    try {
      const text = readFileSync(join(folder, 'package.json'), 'utf8')
      const content = JSON.parse(text) as { name?: string; version?: string }
      if (content.name === name && content.version !== undefined) return content.version
    } catch {
      // a folder inside the package
    }
  throw new Error(howToInstall)
}
