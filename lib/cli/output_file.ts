import { randomUUID } from 'node:crypto'
import type { Stats } from 'node:fs'
import { open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { makeFolder, writeFileAtomically } from '../formats/file.js'
import { generator } from '../plot/report_mark.js'
import { Failure } from './failure.js'

/**
 * Finds out before the work begins whether a file can be written in the end: by writing an empty
 * one in its folder, as only that tells with every file system and every right.
 *
 * @param inputs - files that are read for it, which it must not replace
 * @throws Failure if it cannot
 */
export async function checkOutputFile(
  path: string,
  inputs: readonly (string | undefined)[] = [],
): Promise<void> {
  const existing = await find(path)
  for (const input of inputs)
    if (input !== undefined && isSame(existing, await find(input)))
      throw new Failure(`Cannot write ${path}: it is read, and would be lost`, { exitCode: 2 })
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

/** The endings of what is in a report's folder. */
const reportEndings = /\.(html|svg|json)$/i

/**
 * The same for a folder and the page in it; the folder is made where there is none. One that has a
 * page already must be a report's, and one that has none must hold no file that a report might
 * replace.
 *
 * @throws Failure if the page cannot be written
 */
export async function checkReportFolder(path: string): Promise<void> {
  const existing = await find(path)
  if (existing?.isDirectory() === false) throw cannotWrite(path, 'it is not a folder')
  try {
    await makeFolder(path)
  } catch (error) {
    throw cannotWrite(path, reason(error, dirname(resolve(path))), error)
  }
  const page = join(path, 'index.html')
  const names = await readdir(path)
  const other = names.includes('index.html')
    ? !(await isReport(page)) && 'index.html'
    : names.find((name) => reportEndings.test(name))
  if (typeof other === 'string')
    throw cannotWrite(path, `it holds ${other}, which is of no report: give it a folder of its own`)
  await checkOutputFile(page)
}

async function isReport(page: string): Promise<boolean> {
  const text = await readFile(page, 'utf8').catch(() => '') // unreadable: not known to be one
  return text.includes(generator)
}

function isSame(one: Stats | undefined, other: Stats | undefined): boolean {
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino
}

async function find(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined)
}

/** The failure to tell if a file was not written after all. */
function cannotWrite(path: string, why: string, cause?: unknown): Failure {
  return new Failure(`Cannot write ${path}: ${why}`, { cause })
}

function reason(error: unknown, folder: string): string {
  const { code, message } = error as NodeJS.ErrnoException
  const refused = code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
  return refused ? `the folder ${folder} may not be written to` : message
}

/**
 * Writes a file: as a whole, or not at all.
 *
 * @throws Failure if it cannot be written
 */
export async function writeResult(path: string, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  await whileWriting(path, () => writeFileAtomically(path, bytes))
}

/** Does what writes a file or a folder; what it throws is then a failure that names it. */
export async function whileWriting(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    throw cannotWrite(path, error instanceof Error ? error.message : String(error), error)
  }
}
