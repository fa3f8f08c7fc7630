import type { Option } from 'commander'
import { join } from 'node:path'
import type { Report } from '../plot/index.js'
import { pathFlag } from './flags.js'
import { whileWriting } from './output_file.js'
import type { Terminal } from './terminal.js'

/** The flag for the folder of a report. */
export function reportFlag(otherwise = ''): Option {
  return pathFlag('--report', 'folder', `folder for a page of pictures, index.html${otherwise}`)
}

/**
 * Writes a report to its folder, and says so.
 *
 * @throws Failure if it cannot be written
 */
export async function saveReport(
  report: Report,
  folder: string,
  terminal: Terminal,
): Promise<void> {
  const { writeReport } = await import('../plot/index.js') // here: help needs no addon
  await whileWriting(folder, () => writeReport(report, folder))
  terminal.note(`Saved ${join(folder, 'index.html')}`)
}
