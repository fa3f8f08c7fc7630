import { GemmnetError, typeError } from './errors.js'
import type { LayerSettings } from './layers.js'
import { unitsOf } from './layers.js'
import type { DType, FloatArray, Matrix, MatrixLike } from './matrix.js'
import { toMatrix, toFloats, toNumbers } from './matrix.js'
import type { NativeNetwork, NativeTensor } from './native.js'
import type { ActivationName, LayerType } from './options/index.js'
import { checks, nameOf } from './options/index.js'

/** A layer of a network: a window on its weights, which the network keeps. */
export class Layer<D extends DType = DType> {
  readonly type: LayerType
  /** Columns that it takes. */
  readonly inputs: number
  /** Columns that it gives. */
  readonly units: number
  /** The name of the activation that it ends with; undefined where it has none. */
  readonly activation: ActivationName | undefined
  /** Number of its weights, biases and running statistics. */
  readonly parameterCount: number
  /** Names of its tensors, in their order: 'kernel', 'bias', 'gamma', 'beta', 'embedding0', ... */
  readonly tensorNames: readonly string[]
  /** What it was made from, every option decided. */
  readonly description: LayerSettings
  readonly #network: NativeNetwork
  readonly #dtype: D
  readonly #tensors: readonly NativeTensor[]
  readonly #index: number
  readonly #first: number

  /** @internal */
  constructor(place: LayerPlace<D>) {
    const { network, dtype, description, inputs, tensors, index, first } = place
    this.type = description.type
    this.inputs = inputs
    this.units = unitsOf(description, index, inputs)
    this.activation =
      description.type === 'dense' || description.type === 'activation'
        ? nameOf<ActivationName>(description.activation)
        : undefined
    this.parameterCount = tensors.reduce((sum, { rows, columns }) => sum + rows * columns, 0)
    this.tensorNames = Object.freeze(tensors.map(({ name }) => name))
    this.description = description
    this.#network = network
    this.#dtype = dtype
    this.#tensors = tensors
    this.#index = index
    this.#first = first
    Object.freeze(this)
  }

  /**
   * Whether training changes the layer. A batch normalization that is not trained normalizes with
   * its running mean and variance.
   *
   * @throws GemmnetError `ERR_NETWORK_BUSY` if set while the network trains
   */
  get trainable(): boolean {
    return this.#network.isTrainable(this.#index)
  }
  set trainable(value: boolean) {
    checks.boolean('trainable', value)
    if (this.#network.isTraining) throw busy('its layers cannot be frozen')
    this.#network.setTrainable(this.#index, value)
  }

  /**
   * The kernel of a dense layer, `[inputs, units]`. A copy; set it with a value of that shape.
   *
   * @throws TypeError if the layer has none
   * @throws RangeError if set to another shape, GemmnetError `ERR_NETWORK_BUSY` while the network
   * trains
   */
  get kernel(): Matrix<FloatArray<D>> {
    return { data: this.#copy('kernel'), shape: [this.inputs, this.units] }
  }
  set kernel(value: MatrixLike) {
    this.#place('kernel')
    const { data, rows } = toMatrix('kernel', value, this.units, 'the layer')
    if (rows !== this.inputs)
      throw new RangeError(`\`kernel\` has ${rows} rows, the layer takes ${this.inputs}`)
    this.#set('kernel', data)
  }

  /**
   * The biases of a dense layer, as many as units, or undefined where the layer has none. A copy;
   * set it with as many values.
   *
   * @throws RangeError if set to another length, GemmnetError `ERR_NETWORK_BUSY` while the network
   * trains
   */
  get bias(): FloatArray<D> | undefined {
    return this.tensorNames.includes('bias') ? this.#copy('bias') : undefined
  }
  set bias(value: ArrayLike<number> | undefined) {
    this.#place('bias')
    if (value === undefined) throw typeError('bias', 'as many numbers as units', value)
    this.#set('bias', value)
  }

  /** What a normalization multiplies its columns with. A copy; set it with as many values. */
  get gamma(): FloatArray<D> {
    return this.#copy('gamma')
  }
  set gamma(value: ArrayLike<number>) {
    this.#set('gamma', value)
  }

  /** What a normalization then adds. A copy; set it with as many values. */
  get beta(): FloatArray<D> {
    return this.#copy('beta')
  }
  set beta(value: ArrayLike<number>) {
    this.#set('beta', value)
  }

  /** The running mean of a batch normalization. A copy; set it with as many values. */
  get movingMean(): FloatArray<D> {
    return this.#copy('movingMean')
  }
  set movingMean(value: ArrayLike<number>) {
    this.#set('movingMean', value)
  }

  /** The running variance of a batch normalization. A copy; set it with as many values. */
  get movingVariance(): FloatArray<D> {
    return this.#copy('movingVariance')
  }
  set movingVariance(value: ArrayLike<number>) {
    this.#set('movingVariance', value)
  }

  /**
   * The tables of an embedding, each `[categories, dimensions]`, in the order of its `columns`; row k
   * is what category k becomes. Copies; set them with as many values of these shapes.
   *
   * @throws TypeError if the layer has none
   * @throws RangeError if set to other shapes, GemmnetError `ERR_NETWORK_BUSY` while the network
   * trains
   */
  get embeddings(): readonly Matrix<FloatArray<D>>[] {
    return this.#tables().map(({ name, rows, columns }) => ({
      data: this.#copy(name),
      shape: [rows, columns],
    }))
  }
  set embeddings(values: readonly MatrixLike[]) {
    const tables = this.#tables()
    const given: unknown = values
    if (!Array.isArray(given) || given.length !== tables.length)
      throw typeError('embeddings', `an array with a matrix per table, ${tables.length}`, given)
    const all = new Float64Array(this.parameterCount)
    let next = 0
    tables.forEach(({ rows, columns }, i) => {
      const matrix = toMatrix(`embeddings[${i}]`, values[i], columns, 'the table')
      if (matrix.rows !== rows)
        throw new RangeError(
          `\`embeddings[${i}]\` has ${matrix.rows} rows, the table has ${rows} categories`,
        )
      all.set(matrix.data, next)
      next += rows * columns
    })
    setTensors(this.#network, this.#dtype, 'embeddings', this.#first, tables, all)
  }

  /** Its tensors, copied: kernels and tables as they are, the others `[units]`. @internal */
  tensors(): { readonly name: string; readonly data: FloatArray<D>; readonly shape: number[] }[] {
    return this.#tensors.map(({ name, rows, columns }) => ({
      name,
      data: this.#copy(name),
      shape: name === 'kernel' || this.type === 'embedding' ? [rows, columns] : [rows * columns],
    }))
  }

  #tables(): readonly NativeTensor[] {
    if (this.type !== 'embedding')
      throw new TypeError(`The ${this.type} layer has no \`embeddings\``)
    return this.#tensors
  }

  #place(name: string): number {
    const place = this.tensorNames.indexOf(name)
    if (place < 0) throw new TypeError(`The ${this.type} layer has no \`${name}\``)
    return place
  }

  #copy(name: string): FloatArray<D> {
    return this.#network.copyTensor(this.#first + this.#place(name)) as FloatArray<D>
  }

  #set(name: string, values: ArrayLike<number>): void {
    const place = this.#place(name)
    const tensors = this.#tensors.slice(place, place + 1)
    setTensors(this.#network, this.#dtype, name, this.#first + place, tensors, values)
  }
}

/** Where a layer stands. @internal */
export interface LayerPlace<D extends DType> {
  readonly network: NativeNetwork
  readonly dtype: D
  readonly description: LayerSettings
  readonly inputs: number
  readonly tensors: readonly NativeTensor[]
  /** In the network. */
  readonly index: number
  /** Of its first tensor, among the network's. */
  readonly first: number
}

/**
 * Sets consecutive tensors of a network.
 *
 * @param name - what the user calls them, for messages
 * @throws TypeError if they are no array
 * @throws RangeError if there are not as many values as parameters, or one is not finite
 * @throws GemmnetError `ERR_NETWORK_BUSY` while the network trains
 */
export function setTensors(
  network: NativeNetwork,
  dtype: DType,
  name: string,
  first: number,
  tensors: readonly NativeTensor[],
  values: ArrayLike<number>,
): void {
  if (network.isTraining) throw busy('its weights cannot be set')
  const given = toNumbers(name, values)
  const size = tensors.reduce((sum, { rows, columns }) => sum + rows * columns, 0)
  if (given.length !== size)
    throw new RangeError(`\`${name}\` has ${given.length} values, ${size} are needed`)
  // Of the network's type they are not copied here: the garbage would be as large as the weights.
  const type = dtype === 'float64' ? 'Float64Array' : 'Float32Array'
  const numbers =
    given[Symbol.toStringTag] === type ? (given as FloatArray) : toFloats(given, dtype)
  const wrong = numbers.findIndex((value) => !Number.isFinite(value))
  if (wrong >= 0)
    throw new RangeError(`Expected \`${name}\` to be finite, got \`${given[wrong]}\` at ${wrong}`)
  network.setTensors(first, tensors.length, numbers)
}

/** The error of what cannot be done while a network trains. */
export function busy(what: string): GemmnetError {
  return new GemmnetError('ERR_NETWORK_BUSY', `The network is training; ${what} until it has ended`)
}
