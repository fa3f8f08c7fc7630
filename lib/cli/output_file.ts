import { randomUUID } from 'node:crypto'
import type { Stats } from 'node:fs'
import { mkdir, open, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { writeFileAtomically } from '../formats/file.js'
import { Failure } from './failure.js'

/**
 * Finds out before the work begins whether a file can be written in the end: by writing an empty
 * one in its folder, as only that tells with every file system and every right.
 *
 * @throws Failure if it cannot
 */
export async function checkOutputFile(path: string): Promise<void> {
  const existing = await find(path)
  // The file is replaced when it is written: a folder cannot be, a device must not.
  if (existing?.isDirectory() === true) throw cannotWrite(path, 'it is a folder')
  if (existing?.isFile() === false) throw cannotWrite(path, 'it is not a regular file')
  const folder = dirname(resolve(path))
  if ((await find(folder))?.isDirectory() !== true)
    throw cannotWrite(path, `there is no folder ${folder}`)
  const probe = join(folder, `.gemmnet-${randomUUID()}.tmp`)
  try {
    await (await open(probe, 'wx')).close()
    await rm(probe, { force: true })
  } catch (error) {
    throw cannotWrite(path, reason(error, folder), error)
  }
}

/**
 * The same for a folder and the page in it; the folder is made where there is none.
 *
 * @throws Failure if the page cannot be written
 */
export async function checkReportFolder(path: string): Promise<void> {
  const existing = await find(path)
  if (existing?.isDirectory() === false) throw cannotWrite(path, 'it is not a folder')
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    throw cannotWrite(path, reason(error, dirname(resolve(path))), error)
  }
  await checkOutputFile(join(path, 'index.html'))
}

async function find(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined)
}

/** The failure to tell if a file was not written after all. */
export function cannotWrite(path: string, why: string, cause?: unknown): Failure {
  return new Failure(`Cannot write ${path}: ${why}`, { cause })
}

function reason(error: unknown, folder: string): string {
  const { code, message } = error as NodeJS.ErrnoException
  const refused = code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
  return refused ? `the folder ${folder} may not be written to` : message
}

/**
 * Writes a text file: as a whole, or not at all.
 *
 * @throws Failure if it cannot be written
 */
export async function writeResult(path: string, text: string): Promise<void> {
  try {
    await writeFileAtomically(path, Buffer.from(text))
  } catch (error) {
    throw cannotWrite(path, error instanceof Error ? error.message : String(error), error)
  }
}
