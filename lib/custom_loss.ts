import type { Dataset } from './dataset.js'
import { rangeError, typeError } from './errors.js'
import type { DType, FloatArray, Matrix } from './matrix.js'
import { toFloats, toNumbers } from './matrix.js'
import type { NativeLossEvent } from './native.js'
import type { Network } from './network.js'

/** A batch as a loss of one's own sees it. */
export interface LossBatch<D extends DType = DType> {
  /** The network's outputs, `[rows, outputs]`. */
  readonly outputs: Matrix<FloatArray<D>>
  /** Dense targets, `[rows, outputs]`, where the rows have them. */
  readonly targets: Matrix<FloatArray<D>> | undefined
  /** Class indices, one per row, where the rows have those. */
  readonly labels: Int32Array | undefined
  /** Sample weights, one per row, where the rows have them; in training times class weights. */
  readonly sampleWeights: FloatArray<D> | undefined
}

/** What a loss of one's own returns. */
export interface LossValue {
  /** The cost of the batch; a mean over its rows, if epochs are to report one. */
  readonly value: number
  /** Its derivatives with respect to the outputs, row by row, as many as `outputs.data`. */
  readonly gradient: ArrayLike<number>
}

/**
 * A loss of one's own: value and gradient of a batch. It runs on the JavaScript thread, and the
 * training waits for it, so it is slower than the losses by name.
 *
 * @example
 * import type { CustomLoss } from 'gemmnet'
 *
 * const meanSquare: CustomLoss = ({ outputs: { data }, targets }) => {
 *   const errors = Array.from(data, (output, i) => output - (targets?.data[i] ?? NaN))
 *   return {
 *     value: errors.reduce((sum, error) => sum + error * error, 0) / errors.length,
 *     gradient: errors.map((error) => (2 * error) / errors.length),
 *   }
 * }
 */
export type CustomLoss = (batch: LossBatch) => LossValue

/** The batch of a native question. */
export function toLossBatch(
  { rows, outputs, targets, labels, weights }: Omit<NativeLossEvent, 'type'>,
  columns: number,
): LossBatch {
  const shape = [rows, columns] as const
  return {
    outputs: { data: outputs, shape },
    targets: targets === undefined ? undefined : { data: targets, shape },
    labels,
    sampleWeights: weights,
  }
}

/** Checks what a loss of one's own returned for `size` outputs. */
export function checkLossValue(result: unknown, size: number): LossValue {
  if (typeof result !== 'object' || result === null || !('value' in result && 'gradient' in result))
    throw typeError('loss(batch)', 'an object with `value` and `gradient`', result)
  const { value } = result
  if (typeof value !== 'number') throw typeError('loss(batch).value', 'a number', value)
  const gradient = toNumbers('loss(batch).gradient', result.gradient)
  if (gradient.length !== size)
    throw rangeError('loss(batch).gradient', `as long as the outputs, ${size}`, gradient.length)
  return { value, gradient }
}

/** The value of a loss of one's own over a data set, as one batch. */
export async function evaluateCustomLoss(
  loss: CustomLoss,
  network: Network<DType>,
  data: Dataset,
): Promise<number> {
  const { data: outputs } = await network.predictAsync(data)
  const { y, sampleWeights } = data
  const { dtype } = network
  const labels = y instanceof Int32Array && network.outputs > 1 ? y : undefined
  const targets =
    labels === undefined && y !== undefined ? toFloats('data' in y ? y.data : y, dtype) : undefined
  const batch = toLossBatch(
    {
      rows: data.rows,
      outputs,
      ...(targets !== undefined && { targets }),
      ...(labels !== undefined && { labels }),
      ...(sampleWeights !== undefined && { weights: toFloats(sampleWeights, dtype) }),
    },
    network.outputs,
  )
  return checkLossValue(loss(batch), outputs.length).value
}
