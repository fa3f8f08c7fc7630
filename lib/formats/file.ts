import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { typeError } from '../errors.js'

/** A file on disk: a path or a `file:` URL. */
export type FilePath = string | URL

/**
 * Turns a {@link FilePath} into an absolute path.
 *
 * @throws TypeError if it is neither a path nor a `file:` URL
 */
export function toPath(name: string, path: unknown): string {
  if (path instanceof URL && path.protocol === 'file:') return fileURLToPath(path)
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return resolve(path)
  throw typeError(name, 'a path or a file: URL', path instanceof URL ? path.href : path)
}

/**
 * Makes a folder, and those above it, where there are none. Node's own recursive `mkdir` never ends
 * where a folder that is there takes no others (/proc).
 *
 * @throws the system's error if it cannot be made
 */
export async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return
  const above = dirname(path)
  if (above !== path) await makeFolder(above)
  try {
    await mkdir(path)
  } catch (error) {
    if (!(await isFolder(path))) throw error // or somebody else has made it meanwhile
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}

/**
 * Writes a file so that readers see the old content or the new one, never a part, even when the
 * process is killed: a temporary file in the same folder, flushed to the disk, then renamed.
 *
 * @throws the system's error (`ENOENT`, `EACCES`, `ENOSPC`, ...); the old file is then
 * untouched and the temporary one removed
 * @throws TypeError if the path is a device, a pipe or the like
 */
export async function writeFileAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const existing = await stat(path).catch(() => undefined)
  if (existing !== undefined && !existing.isFile() && !existing.isDirectory())
    throw typeError('path', 'a file', path) // renaming would replace a device or a pipe
  const temporary = join(dirname(path), `.gemmnet-${randomUUID()}.tmp`)
  try {
    await writeAndSync(temporary, bytes)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined) // the first error is the one to tell
    throw error
  }
  await syncFolder(dirname(path))
}

async function writeAndSync(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes a rename in a folder survive a power cut, where the system can open folders. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path)
    await folder.sync().finally(() => folder.close())
  } catch {
    // Windows; some network file systems
  }
}
