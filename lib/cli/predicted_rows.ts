import type { Table } from '../data/table.js'
import type { FloatArray, Matrix } from '../matrix.js'
import type { Model } from '../model.js'

/** What a classifier says of rows: classes by their index, and how likely it finds the true ones. */
export interface PredictedClasses {
  readonly labels: Int32Array
  readonly predictions: Int32Array
  /** NaN where the network gives no probabilities. */
  readonly likelihoods: readonly number[]
}

/** What a model predicts of one number for rows, in its own units. */
export interface PredictedTarget {
  readonly name: string
  readonly targets: Float64Array
  readonly predictions: Float64Array
}

/** Whether a model tells classes apart; else it predicts numbers. */
export function isClassifier(model: Model): boolean {
  return model.classes !== undefined
}

/** The last layer's activations whose outputs are probabilities. */
const probabilities: readonly (string | undefined)[] = ['softmax', 'sigmoid']

/** Whether a classifier's outputs are probabilities. */
export function givesProbabilities({ network }: Model): boolean {
  return probabilities.includes(network.layers.at(-1)?.activation)
}

/** How likely a class is by the outputs of a row, `[rows, classes]` or `[rows, 1]` where there are two. */
export function likelihoodOf(
  { data, shape }: Matrix<FloatArray>,
  row: number,
  index: number,
): number {
  const [, width] = shape
  if (width > 1) return data[row * width + index] ?? NaN
  return index === 1 ? (data[row] ?? NaN) : 1 - (data[row] ?? NaN)
}

/** Predicts the classes of rows that have them. */
export async function predictClasses(model: Model, table: Table): Promise<PredictedClasses> {
  const data = model.pipeline.transform(table)
  const labels = data.y
  if (!(labels instanceof Int32Array)) throw new Error('No classes to predict')
  const outputs = await model.network.predictAsync(data)
  const isLikely = givesProbabilities(model)
  return {
    labels,
    predictions: model.network.classify(data),
    likelihoods: Array.from(labels, (label, row) =>
      isLikely ? likelihoodOf(outputs, row, label) : NaN,
    ),
  }
}

/** Predicts the numbers of rows that have them, in their own units. */
export async function predictNumbers(model: Model, table: Table): Promise<PredictedTarget[]> {
  const { pipeline, network } = model
  const data = pipeline.transform(table)
  const { y, rows } = data
  if (y === undefined || y instanceof Int32Array) throw new Error('No numbers to predict')
  const [, width] = y.shape
  const targets = pipeline.inverseTarget(y as Matrix<FloatArray>).data // a pipeline makes no bytes
  const predictions = pipeline.inverseTarget(await network.predictAsync(data)).data
  const column = (values: FloatArray, j: number) =>
    Float64Array.from({ length: rows }, (_, row) => values[row * width + j] ?? NaN)
  return Array.from({ length: width }, (_, j) => ({
    name: pipeline.target[j] ?? `output ${j}`,
    targets: column(targets, j),
    predictions: column(predictions, j),
  }))
}
