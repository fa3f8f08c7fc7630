import type { Table } from '../data/table.js'
import type { Dataset } from '../dataset.js'
import type { Diagnosis, MeasuredError } from '../experiments/diagnosis.js'
import { diagnose } from '../experiments/diagnosis.js'
import type { FloatArray, Matrix } from '../matrix.js'
import type { Model } from '../model.js'
import { Trainer } from '../trainer.js'
import { checkData } from './failure.js'
import { percent } from './training.js'

/** How well a model does on some rows; numbers are in the target's own units. */
export interface ModelScores {
  readonly rows: number
  readonly [score: string]: number
}

/** Whether a model tells classes apart; else it predicts numbers. */
export function isClassifier(model: Model): boolean {
  return model.classes !== undefined
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

/** The last layer's activations whose outputs are probabilities. */
const probabilities: readonly (string | undefined)[] = ['softmax', 'sigmoid']

/** Whether a classifier's outputs are probabilities. */
export function givesProbabilities({ network }: Model): boolean {
  return probabilities.includes(network.layers.at(-1)?.activation)
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
  const { rows, outputs, targets, predictions } = await predictNumbers(model, table)
  let squares = 0
  let sizes = 0
  let r2 = 0
  for (let output = 0; output < outputs; output++) {
    let mean = 0
    for (let row = 0; row < rows; row++) mean += (targets[row * outputs + output] ?? NaN) / rows
    let own = 0
    let spread = 0
    for (let i = output; i < targets.length; i += outputs) {
      const error = (predictions[i] ?? NaN) - (targets[i] ?? NaN)
      own += error ** 2
      sizes += Math.abs(error)
      spread += ((targets[i] ?? NaN) - mean) ** 2
    }
    squares += own
    r2 += (1 - own / spread) / outputs
  }
  const count = rows * outputs
  return {
    rows,
    rootMeanSquaredError: Math.sqrt(squares / count),
    meanAbsoluteError: sizes / count,
    r2,
  }
}

async function predictNumbers(model: Model, table: Table) {
  const data = model.pipeline.transform(table)
  const { y, rows } = data
  if (y === undefined || y instanceof Int32Array) throw new Error('No numbers to predict')
  const outputs = await model.network.predictAsync(data)
  return {
    rows,
    outputs: y.shape[1],
    targets: model.pipeline.inverseTarget(y as Matrix<FloatArray>).data, // a pipeline makes no bytes
    predictions: model.pipeline.inverseTarget(outputs).data,
  }
}

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

async function measureNumbers(model: Model, table: Table): Promise<MeasuredError> {
  const { rows, outputs, targets, predictions } = await predictNumbers(model, table)
  const errors = Array.from({ length: rows }, (_, row) => {
    let sum = 0
    for (let i = row * outputs; i < (row + 1) * outputs; i++)
      sum += Math.abs((predictions[i] ?? NaN) - (targets[i] ?? NaN))
    return sum / outputs
  })
  const error = errors.reduce((sum, value) => sum + value, 0) / rows
  const squares = errors.reduce((sum, value) => sum + (value - error) ** 2, 0)
  return { error, standardError: Math.sqrt(squares / Math.max(rows - 1, 1) / rows) }
}

/** What a diagnosis found, as JSON. */
export function diagnosisToJson(diagnosis: Diagnosis): object {
  const { metric, confidence, errors, gaps, dominant, isCertain, rivals, conclusion } = diagnosis
  const { advice } = diagnosis
  return { metric, confidence, errors, gaps, dominant, isCertain, rivals, conclusion, advice }
}

/** What scores are called and how they are shown. */
const shown: Readonly<Record<string, { title: string; show: (value: number) => string }>> = {
  rows: { title: 'rows', show: String },
  accuracy: { title: 'accuracy', show: (value) => percent(value) },
  f1: { title: 'F1', show: (value) => value.toFixed(4) },
  logLoss: { title: 'log loss', show: (value) => value.toFixed(4) },
  rootMeanSquaredError: { title: 'RMS error', show: (value) => value.toPrecision(4) },
  meanAbsoluteError: { title: 'mean absolute error', show: (value) => value.toPrecision(4) },
  r2: { title: 'R2', show: (value) => value.toFixed(4) },
}

/** A table of the scores of sets, a set a line. */
export function showScores(sets: Readonly<Record<string, ModelScores>>): string {
  const entries = Object.entries(sets)
  const keys = Object.keys(entries[0]?.[1] ?? {})
  const rows = [
    ['set', ...keys.map((key) => shown[key]?.title ?? key)],
    ...entries.map(([name, scores]) => [
      name,
      ...keys.map((key) => shown[key]?.show(scores[key] ?? NaN) ?? ''),
    ]),
  ]
  const widths = rows[0]?.map((_, j) => Math.max(...rows.map((row) => row[j]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, j) => (j === 0 ? cell.padEnd(widths[j] ?? 0) : cell.padStart(widths[j] ?? 0)))
        .join('  '),
    )
    .join('\n')
}
