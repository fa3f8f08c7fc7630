import { GemmnetError, typeError } from './errors.js'
import type { LayerDescription } from './layers.js'
import type { DType, FloatArray, Matrix, MatrixLike } from './matrix.js'
import { isTypedArray, toMatrix } from './matrix.js'
import type { NativeNetwork, NativeTensor } from './native.js'
import type { ActivationName } from './options/index.js'

/** A layer of a network: a window on its weights, which the network keeps. */
export class Layer<D extends DType = DType> {
  readonly type: LayerDescription['type']
  /** Columns that it takes. */
  readonly inputs: number
  /** Columns that it gives. */
  readonly units: number
  readonly activation: ActivationName
  /** Number of weights and biases. */
  readonly parameterCount: number
  /** What `dense` returned for it. */
  readonly description: LayerDescription
  readonly #network: NativeNetwork
  readonly #dtype: D
  readonly #tensors: readonly NativeTensor[]
  readonly #first: number

  /**
   * @internal
   * @param first - index of its first tensor among the network's
   */
  constructor(
    network: NativeNetwork,
    dtype: D,
    description: LayerDescription,
    tensors: readonly NativeTensor[],
    first: number,
  ) {
    this.type = description.type
    this.inputs = tensors[0]?.rows ?? 0
    this.units = description.units
    this.activation = description.activation
    this.parameterCount = tensors.reduce((sum, { rows, columns }) => sum + rows * columns, 0)
    this.description = description
    this.#network = network
    this.#dtype = dtype
    this.#tensors = tensors
    this.#first = first
    Object.freeze(this)
  }

  /**
   * The kernel, `[inputs, units]`. A copy; set it with a value of that shape.
   *
   * @throws RangeError if set to another shape, GemmnetError `ERR_NETWORK_BUSY` while the network
   * trains
   */
  get kernel(): Matrix<FloatArray<D>> {
    return { data: this.#copy(0), shape: [this.inputs, this.units] }
  }
  set kernel(value: MatrixLike) {
    const { data, rows } = toMatrix('kernel', value, this.units, 'the layer')
    if (rows !== this.inputs)
      throw new RangeError(`\`kernel\` has ${rows} rows, the layer takes ${this.inputs}`)
    this.#set('kernel', 0, data)
  }

  /**
   * The biases, as many as units, or undefined where the layer has none. A copy; set it with as
   * many values.
   *
   * @throws RangeError if set to another length, GemmnetError `ERR_NETWORK_BUSY` while the network
   * trains
   */
  get bias(): FloatArray<D> | undefined {
    return this.description.useBias ? this.#copy(1) : undefined
  }
  set bias(value: ArrayLike<number> | undefined) {
    if (!this.description.useBias) throw new TypeError('The layer has no `bias`')
    if (value === undefined) throw typeError('bias', 'as many numbers as units', value)
    this.#set('bias', 1, value)
  }

  #copy(tensor: number): FloatArray<D> {
    return this.#network.copyTensor(this.#first + tensor) as FloatArray<D>
  }

  #set(name: string, tensor: number, values: ArrayLike<number>): void {
    const tensors = this.#tensors.slice(tensor, tensor + 1)
    setTensors(this.#network, this.#dtype, name, this.#first + tensor, tensors, values)
  }
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
  if (!Array.isArray(values) && !isTypedArray(values))
    throw typeError(name, 'an array of numbers', values)
  const size = tensors.reduce((sum, { rows, columns }) => sum + rows * columns, 0)
  if (values.length !== size)
    throw new RangeError(`\`${name}\` has ${values.length} values, ${size} are needed`)
  const numbers = dtype === 'float64' ? Float64Array.from(values) : Float32Array.from(values)
  const wrong = numbers.findIndex((value) => !Number.isFinite(value))
  if (wrong >= 0)
    throw new RangeError(`Expected \`${name}\` to be finite, got \`${values[wrong]}\` at ${wrong}`)
  network.setTensors(first, tensors.length, numbers)
}

/** The error of what cannot be done while a network trains. */
export function busy(what: string): GemmnetError {
  return new GemmnetError('ERR_NETWORK_BUSY', `The network is training; ${what} until it has ended`)
}
