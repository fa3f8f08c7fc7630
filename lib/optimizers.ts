import { typeError } from './errors.js'
import type { OptimizerName, OptionsOf, OptionTable } from './options/index.js'
import { complete, nameIn, optimizers } from './options/index.js'

/** The options of an optimizer, by its name. */
export type OptimizerOptions<N extends OptimizerName = OptimizerName> = N extends OptimizerName
  ? OptionsOf<(typeof optimizers)[N]>
  : never

/** An update rule with its options, as `sgd`, `adam` and so on make them. */
export interface Optimizer<N extends OptimizerName = OptimizerName> {
  readonly name: N
  /** The options that were given; the Trainer's conventions fill in the rest. */
  readonly options: OptimizerOptions<N>
}

function make<N extends OptimizerName>(name: N, options: OptimizerOptions<N>): Optimizer<N> {
  complete(name, optimizers[name], options)
  return Object.freeze({ name, options: { ...options } })
}

/**
 * Gradient descent on the whole training set: one step an epoch, `w -= learningRate * g`.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function gradientDescent(
  options: OptimizerOptions<'gradientDescent'> = {},
): Optimizer<'gradientDescent'> {
  return make('gradientDescent', options)
}

/**
 * Stochastic gradient descent by batches, with momentum if wanted:
 * `v = momentum * v - learningRate * g; w += v`, or with `nesterov`
 * `w += momentum * v - learningRate * g`.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true })
 */
export function sgd(options: OptimizerOptions<'sgd'> = {}): Optimizer<'sgd'> {
  return make('sgd', options)
}

/**
 * Adam (D. Kingma and J. Ba, ICLR 2015), in the form of its section 2 with epsilon-hat, as Keras
 * has it: `w -= learningRate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)`.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function adam(options: OptimizerOptions<'adam'> = {}): Optimizer<'adam'> {
  return make('adam', options)
}

/** Checks the Trainer's `optimizer`: one that a function made, or a name for its defaults. */
export function checkOptimizer(value: unknown): Optimizer {
  const check = nameIn('optimizer', optimizers)
  if (typeof value === 'string') return make(check('optimizer', value), {})
  if (typeof value !== 'object' || value === null || !('name' in value) || !('options' in value))
    throw typeError('optimizer', 'an optimizer, such as sgd() or its name', value)
  const name = check('optimizer', value.name)
  return make(name, value.options as OptimizerOptions) // make checks them
}

/** The numbers that the core takes for an optimizer, in its order, with their names. */
export function optimizerSettings({ name, options }: Optimizer): {
  readonly learningRate: number
  readonly values: ReadonlyMap<string, number>
} {
  const table: OptionTable = optimizers[name]
  const { learningRate, ...rest } = complete(name, table, options)
  return {
    learningRate: Number(learningRate),
    values: new Map(Object.entries(rest).map(([key, value]) => [key, Number(value)])),
  }
}
