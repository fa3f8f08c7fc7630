import type { Dataset } from '../dataset.js'
import type { DType } from '../matrix.js'
import type { Matrix } from '../matrix.js'
import { isTypedArray } from '../matrix.js'
import type { Network } from '../network.js'
import { checkTargets } from '../objective.js'
import type { ErrorMetric } from '../options/index.js'
import type { Pipeline } from '../preparation/pipeline.js'
import type { Estimate } from './estimates.js'
import { meanEstimate, rateEstimate } from './estimates.js'

// The error of a network on a set, from the errors of its rows: their spread is what the interval
// is made of.

/** What makes the errors: a network, and of a Model the pipeline that knows the target's own units. */
export interface Predictor {
  readonly network: Network<DType>
  readonly pipeline?: Pipeline | undefined
}

/** Checks that a network's error can be taken on a set, named as the user knows it. */
export function checkSet(
  name: string,
  data: Dataset,
  network: Network<DType>,
  metric: ErrorMetric,
): void {
  const { inputs, outputs } = network
  if (data.features !== inputs)
    throw new RangeError(`\`${name}\` has ${data.features} columns, the network takes ${inputs}`)
  checkTargets(name, data, outputs, undefined)
  if (metric !== 'errorRate' && data.outputs === 0)
    throw new RangeError(`\`${name}\` has class labels, of which there is no \`${metric}\``)
  if (metric === 'errorRate' && outputs === 1 && data.classes > 2)
    throw new RangeError(
      `\`${name}\` has ${data.classes} classes, the network has 1 output, which tells two apart`,
    )
}

/**
 * A network's error on a set, in the target's own units; rows count by their sample weights.
 *
 * @param z - the normal quantile of the interval
 * @throws RangeError if it is not finite
 */
export async function setError(
  name: string,
  data: Dataset,
  predictor: Predictor,
  metric: ErrorMetric,
  z: number,
): Promise<Estimate> {
  const errors = await rowErrors(data, predictor, metric)
  const weights = data.sampleWeights ?? new Float64Array(data.rows).fill(1)
  const mean = weightedMean(errors, weights)
  if (!Number.isFinite(mean))
    throw new RangeError(`The network's error on \`${name}\` is not a finite number`)
  // Of so many rows of equal weight the mean would vary as much: L. Kish, Survey Sampling (1965).
  const sum = weights.reduce((total, weight) => total + weight, 0)
  const rows = sum ** 2 / weights.reduce((total, weight) => total + weight ** 2, 0)
  if (metric === 'errorRate') return rateEstimate(mean, rows, z)
  const squares = errors.map((error) => (error - mean) ** 2)
  const standardError = Math.sqrt(weightedMean(squares, weights) / Math.max(rows - 1, 1))
  const estimate = meanEstimate(mean, standardError, z)
  if (metric !== 'rootMeanSquaredError') return estimate
  const { value, low, high } = estimate
  return { value: Math.sqrt(value), low: Math.sqrt(low), high: Math.sqrt(high) }
}

function weightedMean(values: Float64Array, weights: Float64Array): number {
  let sum = 0
  let total = 0
  values.forEach((value, row) => {
    const weight = weights[row] ?? NaN
    sum += weight * value
    total += weight
  })
  return sum / total
}

async function rowErrors(
  data: Dataset,
  { network, pipeline }: Predictor,
  metric: ErrorMetric,
): Promise<Float64Array> {
  const isRate = metric === 'errorRate'
  const inOwnUnits = ({ data: values, shape }: Matrix<Float32Array | Float64Array | Uint8Array>) =>
    isRate || pipeline === undefined
      ? { data: values, shape }
      : pipeline.inverseTarget({ data: Float64Array.from(values), shape })
  const { data: outputs, shape } = inOwnUnits(await network.predictAsync(data))
  const [rows, columns] = shape
  const { y: given } = data
  if (given === undefined) throw new Error('No targets') // `checkSet` has seen to it
  const y = isTypedArray(given) ? given : inOwnUnits(given)
  return Float64Array.from({ length: rows }, (_, row) => {
    const output = outputs.subarray(row * columns, (row + 1) * columns)
    if (isTypedArray(y)) return Number(classOf(output) !== y[row])
    const target = y.data.subarray(row * columns, (row + 1) * columns)
    if (isRate) return Number(classOf(output) !== classOf(target))
    const size = metric === 'meanAbsoluteError' ? Math.abs : (error: number) => error ** 2
    let sum = 0
    for (let i = 0; i < columns; i++) sum += size((output[i] ?? NaN) - (target[i] ?? NaN))
    return sum / columns
  })
}

/** As `Network.classify` has it: the largest of several values, or whether the one is above 1/2. */
function classOf(values: Float32Array | Float64Array | Uint8Array): number {
  const [first = NaN] = values
  if (values.length === 1) return Number(first > 0.5)
  let largest = 0
  values.forEach((value, i) => {
    if (value > (values[largest] ?? NaN)) largest = i
  })
  return largest
}
