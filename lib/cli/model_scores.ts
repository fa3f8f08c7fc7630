import type { Table } from '../data/table.js'
import type { Dataset } from '../dataset.js'
import type { Diagnosis, MeasuredError } from '../experiments/diagnosis.js'
import { diagnose } from '../experiments/diagnosis.js'
import { alignColumns } from '../experiments/text_table.js'
import type { Model } from '../model.js'
import { percent } from '../plot/labels.js'
import { Trainer } from '../trainer.js'
import { checkData } from './failure.js'
import { givesProbabilities, isClassifier, predictNumbers } from './predicted_rows.js'

/** How well a model does on some rows; numbers are in the target's own units. */
export interface ModelScores {
  readonly rows: number
  readonly [score: string]: number
}

/**
 * Scores a model on rows as they are.
 *
 * @throws TypeError or RangeError, naming the column, if they cannot be prepared
 */
export async function scoreModel(model: Model, table: Table): Promise<ModelScores> {
  return isClassifier(model) ? scoreClasses(model, table) : scoreNumbers(model, table)
}

/** The same for the rows of a file; what is wrong with them is a failure. */
export async function scoreFile(model: Model, table: Table, path: string): Promise<ModelScores> {
  return checkData(path, () => scoreModel(model, table))
}

async function scoreClasses(model: Model, table: Table): Promise<ModelScores> {
  const { network } = model
  const trainer = new Trainer(network, {
    loss: network.outputs === 1 ? 'binaryCrossentropy' : 'categoricalCrossentropy',
    optimizer: 'adam',
    metrics: ['accuracy', 'f1', 'logLoss'],
  })
  const data = model.pipeline.transform(table)
  const { accuracy, f1, logLoss } = await trainer.evaluate(data)
  return { rows: data.rows, accuracy, f1, ...(givesProbabilities(model) && { logLoss }) }
}

async function scoreNumbers(model: Model, table: Table): Promise<ModelScores> {
  const all = await predictNumbers(model, table)
  let squares = 0
  let sizes = 0
  let r2 = 0
  for (const { targets, predictions } of all) {
    const mean = meanOf(targets)
    const errors = targets.map((target, row) => (predictions[row] ?? NaN) - target)
    const own = meanOf(errors.map((error) => error ** 2))
    squares += own / all.length
    sizes += meanOf(errors.map(Math.abs)) / all.length
    const spread = meanOf(targets.map((target) => (target - mean) ** 2))
    r2 += (spread > 0 ? 1 - own / spread : NaN) / all.length
  }
  const rows = all[0]?.targets.length ?? 0
  return { rows, rootMeanSquaredError: Math.sqrt(squares), meanAbsoluteError: sizes, r2 }
}

const meanOf = (values: Float64Array) =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** The sets of a diagnosis, by their names. */
export type DiagnosedTables = Readonly<Record<'train', Table>> &
  Readonly<Partial<Record<'trainDev' | 'dev' | 'test', Table>>>

/** Takes a model's error apart; that of numbers is the mean absolute one, in their own units. */
export async function diagnoseModel(
  model: Model,
  { train, ...others }: DiagnosedTables,
  optimalError = 0,
): Promise<Diagnosis> {
  const { network, pipeline } = model
  const measure = async (table: Table): Promise<Dataset | MeasuredError> =>
    isClassifier(model) ? pipeline.transform(table) : measureNumbers(model, table)
  const sets: Record<string, Dataset | MeasuredError> = {}
  for (const [name, table] of Object.entries(others)) sets[name] = await measure(table)
  return diagnose({
    network,
    train: await measure(train),
    ...sets,
    optimalError,
    metric: isClassifier(model) ? 'errorRate' : 'meanAbsoluteError',
  })
}

/** The mean of the rows' absolute errors, each the mean over what is predicted of it. */
async function measureNumbers(model: Model, table: Table): Promise<MeasuredError> {
  const all = await predictNumbers(model, table)
  const errors = new Float64Array(table.rows)
  for (const { targets, predictions } of all)
    targets.forEach((target, row) => {
      errors[row] = (errors[row] ?? 0) + Math.abs((predictions[row] ?? NaN) - target) / all.length
    })
  const error = meanOf(errors)
  const squares = errors.reduce((sum, value) => sum + (value - error) ** 2, 0)
  return { error, standardError: Math.sqrt(squares / Math.max(table.rows - 1, 1) / table.rows) }
}

/** What a diagnosis found, as JSON. */
export function diagnosisToJson(diagnosis: Diagnosis): object {
  const { metric, confidence, errors, gaps, dominant, isCertain, rivals, conclusion } = diagnosis
  const { advice } = diagnosis
  return { metric, confidence, errors, gaps, dominant, isCertain, rivals, conclusion, advice }
}

const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 5, useGrouping: false })

/** A number in the target's own units, never with an exponent. */
export function showNumber(value: number): string {
  return digits.format(value)
}

/** What scores are called and how they are shown. */
const shown: Readonly<Record<string, { title: string; show: (value: number) => string }>> = {
  rows: { title: 'rows', show: String },
  accuracy: { title: 'accuracy', show: (value) => percent(value) },
  f1: { title: 'F1', show: (value) => value.toFixed(4) },
  logLoss: { title: 'log loss', show: (value) => value.toFixed(4) },
  rootMeanSquaredError: { title: 'RMS error', show: showNumber },
  meanAbsoluteError: { title: 'mean absolute error', show: showNumber },
  r2: { title: 'R2', show: (value) => value.toFixed(4) },
}

/** A table of the scores of sets, a set a row. */
export function scoreTable(sets: Readonly<Record<string, ModelScores>>) {
  const entries = Object.entries(sets)
  const keys = Object.keys(entries[0]?.[1] ?? {})
  return {
    columns: ['set', ...keys.map((key) => shown[key]?.title ?? key)],
    rows: entries.map(([name, scores]) => [
      name,
      ...keys.map((key) => {
        const value = scores[key] ?? NaN
        return Number.isNaN(value) ? '-' : (shown[key]?.show(value) ?? '')
      }),
    ]),
  }
}

/** The same as lines of text. */
export function showScores(sets: Readonly<Record<string, ModelScores>>): string {
  const { columns, rows } = scoreTable(sets)
  return alignColumns([columns, ...rows], (column) => column === 0)
}
