import { rangeError, typeError, unknownName } from './errors.js'
import type { DType } from './matrix.js'
import type {
  Activation,
  ActivationName,
  BatchNormOptions,
  Completion,
  Conventions,
  DenseOptions,
  EmbeddingOptions,
  Flat,
  LayerNormOptions,
  LayerType,
  OptionsOf,
  SettingsOf,
} from './options/index.js'
import { complete, layers, nameOf } from './options/index.js'
import { standsFirst } from './tables.js'

/** A layer as `dense`, `dropout` and so on describe it: its kind and the options that were given. */
export type LayerDescription<K extends LayerType = LayerType> = K extends LayerType
  ? Flat<{ readonly type: K } & OptionsOf<(typeof layers)[K]>>
  : never

/** A layer of a network: its kind, and every option decided. */
export type LayerSettings<K extends LayerType = LayerType> = K extends LayerType
  ? Flat<{ readonly type: K } & SettingsOf<(typeof layers)[K]>>
  : never

/** What makes a network, but for its weights. */
export interface NetworkDescription<D extends DType = DType> {
  readonly inputs: number
  readonly dtype: D
  readonly layers: readonly LayerDescription[]
}

function make<K extends LayerType>(
  type: K,
  given: object,
  completion: Completion = {},
): LayerDescription<K> {
  complete(type, layers[type], given, completion)
  const options = { ...completion.positional, ...given }
  return Object.freeze({ type, ...options }) as LayerDescription<K> // complete checked them
}

/** The layers of a network with every option decided, those that were not given by conventions. */
export function decideLayers(
  given: readonly LayerDescription[],
  conventions: Conventions,
): LayerSettings[] {
  // scikit-learn's bound is another for its logistic activation, all of whose hidden layers are.
  const first = given.find((layer) => layer.type === 'dense')
  const isLogistic =
    conventions === 'sklearn' && given.length > 1 && nameOf(first?.activation ?? '') === 'sigmoid'
  const bound = { name: 'sklearnUniform', factor: 2 } as const
  return given.map((layer) => {
    if (layer.type !== 'dense' || !isLogistic) return decideLayer(layer, conventions)
    const { kernelInitializer = bound, biasInitializer = bound } = layer
    return decideLayer({ ...layer, kernelInitializer, biasInitializer }, conventions)
  })
}

function decideLayer(layer: LayerDescription, conventions: Conventions): LayerSettings {
  const { type, ...given } = layer
  const settings = complete(type, layers[type], given, { conventions })
  return Object.freeze({ type, ...settings }) as LayerSettings // the settings of that type
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
 * dense(10, { activation: { name: 'leakyRelu', slope: 0.1 }, kernelInitializer: 'heNormal' })
 */
export function dense(
  units: number,
  options: ActivationName | DenseOptions = {},
): LayerDescription<'dense'> {
  const given = typeof options === 'string' ? { activation: options } : options
  return make('dense', given, { positional: { units } })
}

/**
 * An activation function as a layer of its own, for where something stands between it and the
 * weighted sum: `dense(64), batchNorm(), activation('relu')`.
 *
 * @param options - the activation's name, or an object with its name and options
 * @throws TypeError or RangeError for an activation or option that is unknown or out of range
 */
export function activation(options: Activation): LayerDescription<'activation'> {
  return make('activation', {}, { positional: { activation: options } })
}

/**
 * Dropout (N. Srivastava et al., JMLR 15, 2014), inverted: in training each value is 0 with
 * probability `rate`, else it is divided by 1 - rate; prediction is not changed. What is dropped is
 * a function of the Trainer's seed, the epoch and the row's place in it.
 *
 * @param rate - probability of a 0, in [0, 1)
 * @throws TypeError or RangeError if it is none
 */
export function dropout(rate: number): LayerDescription<'dropout'> {
  return make('dropout', {}, { positional: { rate } })
}

/**
 * In training, adds a normal draw to each value; prediction is not changed.
 *
 * @param stddev - standard deviation, at least 0
 * @throws TypeError or RangeError if it is none
 */
export function gaussianNoise(stddev: number): LayerDescription<'gaussianNoise'> {
  return make('gaussianNoise', {}, { positional: { stddev } })
}

/**
 * Batch normalization (S. Ioffe and C. Szegedy, ICML 2015): `gamma (x - mean) / sqrt(variance +
 * epsilon) + beta` by columns, in training with mean and biased variance of the batch, which
 * running ones follow; prediction takes the running ones.
 *
 * With the default `momentum` the running ones settle in some 500 steps. In shorter trainings
 * `momentum: 0.9`, for some 50 steps, keeps prediction from lagging behind.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function batchNorm(options: BatchNormOptions = {}): LayerDescription<'batchNorm'> {
  return make('batchNorm', options)
}

/**
 * Layer normalization (J. Ba, J. Kiros and G. Hinton, 2016): the same with mean and biased variance
 * of each row.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 */
export function layerNorm(options: LayerNormOptions = {}): LayerDescription<'layerNorm'> {
  return make('layerNorm', options)
}

/**
 * An embedding of categories: each value of a column that holds them becomes `dimensions` learned
 * numbers, the row of that category in the column's table; all other columns pass. Columns keep
 * their order: of `[age, city, income]` with 2 dimensions for the city come `[age, e0, e1, income]`,
 * so the layer gives as many columns as it takes, less those with categories, plus their dimensions.
 *
 * It is the first layer of a network, since it reads the network's inputs. A category is a whole
 * number, 0, 1, ... `categories - 1`, as the network sees it: a Dataset's `scale` multiplies it, too.
 * Other values are refused, by row and column, wherever rows are predicted, trained on or scored. In
 * training a step updates whole tables; of a category that is not in the batch the gradient is 0.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * const columns = [{ column: 1, categories: 200, dimensions: 2 }]
 * new Network({ inputs: 3, layers: [embedding({ columns }), dense(16, 'relu'), dense(1)] })
 */
export function embedding(options: EmbeddingOptions): LayerDescription<'embedding'> {
  return make('embedding', options)
}

/**
 * Columns that a layer gives, as layer `index` of a network, where it gets `inputs` columns.
 *
 * @throws RangeError if it cannot stand there
 */
export function unitsOf(layer: LayerDescription, index: number, inputs: number): number {
  if (index > 0 && standsFirst(layer.type))
    throw new RangeError(
      `\`layers[${index}]\` is of type ${layer.type}, which reads the network's inputs: it has to be the first layer`,
    )
  if (layer.type === 'dense') return layer.units
  if (layer.type !== 'embedding') return inputs
  let units = inputs
  layer.columns.forEach(({ column, dimensions }, i) => {
    if (column >= inputs)
      throw rangeError(
        `layers[${index}].columns[${i}].column`,
        `a column of the network's inputs, 0 to ${inputs - 1}`,
        column,
      )
    units += dimensions - 1
  })
  return units
}

/** Checks what a user put into a network's layers, or a file says of a layer. */
export function checkLayer(name: string, value: unknown): LayerDescription {
  if (typeof value !== 'object' || value === null || !('type' in value))
    throw typeError(name, 'a layer, such as dense(10)', value)
  const { type, ...options } = value
  if (typeof type !== 'string') throw typeError(name, 'a layer, such as dense(10)', value)
  if (!isLayerType(type)) throw unknownName('layer', type, Object.keys(layers))
  return make(type, options, { path: `${name}.` })
}

function isLayerType(name: string): name is LayerType {
  return Object.hasOwn(layers, name)
}
