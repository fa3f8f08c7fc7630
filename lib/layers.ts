import { typeError } from './errors.js'
import type { DType } from './matrix.js'
import type { DenseOptions, SettingsOf, ActivationName } from './options/index.js'
import { checks, complete, denseOptions } from './options/index.js'

/** A fully connected layer, as `dense` describes it. */
export interface DenseLayer extends Readonly<SettingsOf<typeof denseOptions>> {
  readonly type: 'dense'
  readonly units: number
}

/** What a network's `layers` may hold. */
export type LayerDescription = DenseLayer

/** What makes a network, but for its weights. */
export interface NetworkDescription<D extends DType = DType> {
  readonly inputs: number
  readonly dtype: D
  readonly layers: readonly LayerDescription[]
}

/**
 * A fully connected layer: a = f(x W + b), with a kernel W of shape `[inputs, units]`.
 *
 * @param units - number of outputs, a positive integer
 * @param options - the activation's name, or all options
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * dense(100, 'sigmoid')
 * dense(10, { activation: 'softmax', l2: 1e-4 })
 */
export function dense(units: number, options: ActivationName | DenseOptions = {}): DenseLayer {
  const given = typeof options === 'string' ? { activation: options } : options
  return Object.freeze({
    type: 'dense',
    units: checks.positiveInteger('units', units),
    ...complete('dense', denseOptions, given),
  })
}

/** Checks what a user put into `layers`, or a file says of a layer. */
export function checkLayer(name: string, value: unknown): LayerDescription {
  if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== 'dense')
    throw typeError(name, 'a layer, such as dense(10)', value)
  const { units, ...rest } = value as Partial<DenseLayer>
  const options = Object.fromEntries(Object.entries(rest).filter(([key]) => key !== 'type'))
  return dense(checks.positiveInteger('units', units), options) // which checks the rest again
}
