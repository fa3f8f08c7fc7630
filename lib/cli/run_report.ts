import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Model } from '../model.js'
import { cannotWrite, checkOutputFile, writeResult } from './output_file.js'
import type { Parts } from './parts.js'
import type { TrainingResult, TrainingSummary } from './training_result.js'
import { toText } from './training_result.js'

/** What a report is made of. */
export interface RunReport {
  readonly summary: TrainingSummary
  readonly history: TrainingResult['history']
  readonly model: Model
  readonly parts: Parts
}

const summaryFile = 'summary.json'

/**
 * Makes the folder, if it is not there, and finds out whether files can be written to it.
 *
 * @throws Failure if they cannot
 */
export async function checkReportFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    throw cannotWrite(folder, error instanceof Error ? error.message : String(error), error)
  }
  await checkOutputFile(join(folder, summaryFile))
}

/**
 * Writes the report of a training. What is drawn of it, a page with the history, the confusion
 * matrix and the diagnosis, belongs here too.
 */
export async function writeReport(folder: string, { summary, history }: RunReport): Promise<void> {
  const files: Record<string, string> = {
    [summaryFile]: JSON.stringify(summary, null, 2),
    'summary.txt': toText(summary),
    'history.json': JSON.stringify(history, null, 2),
  }
  for (const [name, text] of Object.entries(files))
    await writeResult(join(folder, name), `${text}\n`)
}
