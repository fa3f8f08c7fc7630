import type { Table } from '../data/table.js'
import type { Diagnosis } from '../experiments/diagnosis.js'
import { Model } from '../model.js'
import type { Encoding } from '../options/index.js'
import { checkData } from './failure.js'
import { readScoredRows } from './model_file.js'
import { diagnoseModel } from './model_scores.js'
import type { Dealing } from './parts.js'
import { dealParts } from './parts.js'
import { isClassifier } from './predicted_rows.js'
import type { Terminal } from './terminal.js'

interface Judging {
  /** The least error that there can be. */
  readonly optimalError: number
  readonly encoding: Encoding
}

/** Diagnoses a model by files of their own, by the names of the sets; one must be `train`. */
export async function diagnoseFiles(
  modelPath: string,
  files: Readonly<Record<string, string | undefined>>,
  { optimalError, encoding }: Judging,
  terminal: Terminal,
): Promise<Diagnosis> {
  const model = await Model.load(modelPath)
  const sets: Record<string, Table> = {}
  for (const [name, path] of Object.entries(files))
    if (path !== undefined)
      sets[name] = await readScoredRows(model, modelPath, path, terminal, { encoding })
  const { train, ...others } = sets
  if (train === undefined) throw new Error('No training set') // the flags were checked
  return checkData(modelPath, () => diagnoseModel(model, { train, ...others }, optimalError))
}

/** Diagnoses a model by the file that it was trained on, dealt as it was then. */
export async function diagnoseFile(
  modelPath: string,
  path: string,
  dealing: Dealing & Judging,
  terminal: Terminal,
): Promise<Diagnosis> {
  const { groups, time, optimalError, encoding } = dealing
  const others = [groups, time].filter((name) => name !== undefined)
  const model = await Model.load(modelPath)
  const table = await readScoredRows(model, modelPath, path, terminal, { others, encoding })
  const [target = ''] = model.pipeline.target
  const task = isClassifier(model) ? 'classification' : 'regression'
  const parts = await dealParts(table, target, task, dealing, path, terminal)
  return checkData(path, () => diagnoseModel(model, { ...parts }, optimalError))
}
