import { readFile } from 'node:fs/promises'
import { Dataset, toNativeMatrix } from './dataset.js'
import { checkCategories } from './categories.js'
import { typeError } from './errors.js'
import type { FilePath } from './formats/file.js'
import { toPath, writeFileAtomically } from './formats/file.js'
import type { NetworkFile } from './formats/model.js'
import { decodeModel, encodeModel } from './formats/model.js'
import { Layer, setTensors } from './layer.js'
import type { LayerDescription, LayerSettings, NetworkDescription } from './layers.js'
import { checkLayer, decideLayers, unitsOf } from './layers.js'
import type { DType, FloatArray, Labels, Matrix, MatrixLike } from './matrix.js'
import { checkDType, toMatrix } from './matrix.js'
import type { NativeDataset, NativeLayerSettings, NativeMatrix, NativeNetwork } from './native.js'
import { native } from './native.js'
import { runTask } from './job.js'
import { checkTargets, nativePenalties } from './objective.js'
import type {
  Conventions,
  GradientCheckOptions,
  LossName,
  Named,
  OptionsOf,
} from './options/index.js'
import {
  activations,
  complete,
  gradientCheckOptions,
  initializers,
  layers as layerTable,
  losses,
  nameOf,
  networkOptions,
} from './options/index.js'
import { description, inCoreOrder, toNative } from './tables.js'

/** Options of a {@link Network}. @interface */
export type NetworkOptions<D extends DType = 'float32'> = OptionsOf<typeof networkOptions> & {
  /** The layers, from the input on; the last one's units are the network's outputs. */
  readonly layers: readonly LayerDescription[]
  /** Type that the network computes in. Default 'float32'. */
  readonly dtype?: D | undefined
}

/** What `checkGradients` found for one tensor. */
export interface GradientError {
  /** Index of the layer. */
  readonly layer: number
  /** 'kernel', 'bias', 'gamma', 'beta', or 'embedding0', 'embedding1', ... */
  readonly tensor: string
  /**
   * Back-propagation against central differences, both in float64: |a - b| / (|a| + |b|); for
   * gradients so small beside the cost that its rounding leaves differences fewer than seven digits,
   * over the size at which it leaves seven.
   */
  readonly relativeError: number
  /** Back-propagation in the network's own type against float64: |a - b| over |b| of all tensors. */
  readonly precisionError: number
}

/** What `checkGradients` found. */
export interface GradientReport {
  /** The largest relative error of a tensor; 0 where no layer is trained. */
  readonly relativeError: number
  readonly tensors: readonly GradientError[]
}

const ownOptions = ['layers', 'dtype'] as const
/** Above this a block of weights would not be addressed in any sensible machine's memory. */
const mostParameters = 2 ** 32

/**
 * A feed-forward network, with its weights in native memory.
 *
 * @example
 * const network = new Network({ inputs: 4, layers: [dense(16, 'relu'), dense(3, 'softmax')] })
 * network.predict([[5.1, 3.5, 1.4, 0.2]]).shape // [1, 3]
 */
export class Network<D extends DType = 'float32'> {
  /** Columns of the rows it takes. */
  readonly inputs: number
  /** Columns of what it predicts. */
  readonly outputs: number
  /** Type that it computes in. */
  readonly dtype: D
  /** The layers, from the input on. */
  readonly layers: readonly Layer<D>[]
  /** Number of weights and biases. */
  readonly parameterCount: number
  /** @internal */
  readonly native: NativeNetwork

  /**
   * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
   */
  constructor(options: NetworkOptions<D>) {
    const { inputs, seed, layers, dtype, conventions } = checkNetworkOptions(options)
    this.inputs = inputs
    this.dtype = dtype
    this.native = new native.Network({
      inputs,
      layers: layers.map((layer) => nativeLayer(layer, conventions)),
      seed,
      dtype,
    })
    const tensors = this.native.layers()
    let first = 0
    let width = inputs
    this.layers = Object.freeze(
      layers.map((description, index) => {
        const own = tensors[index] ?? []
        const layer = new Layer<D>({
          network: this.native,
          dtype,
          description,
          inputs: width,
          tensors: own,
          index,
          first,
        })
        first += own.length
        width = layer.units
        return layer
      }),
    )
    for (const layer of this.layers)
      if ('trainable' in layer.description) layer.trainable = layer.description.trainable
    this.outputs = width
    this.parameterCount = this.layers.reduce((sum, layer) => sum + layer.parameterCount, 0)
    Object.freeze(this)
  }

  /** Whether a fit is running on it. */
  get isTraining(): boolean {
    return this.native.isTraining
  }

  /**
   * All weights one after the other, layer by layer: a dense layer's kernel row by row, then its
   * bias; a normalization's gamma and beta, then running mean and variance; an embedding's tables
   * row by row. A copy; set it with as many values.
   *
   * @throws GemmnetError `ERR_NETWORK_BUSY` if set while the network trains
   */
  get parameters(): FloatArray<D> {
    return this.native.copyParameters() as FloatArray<D>
  }
  set parameters(values: ArrayLike<number>) {
    const tensors = this.native.layers().flat()
    setTensors(this.native, this.dtype, 'parameters', 0, tensors, values)
  }

  /**
   * The network's outputs for each row. While it trains: with the weights at the end of the last
   * finished epoch.
   *
   * @param x - rows of `inputs` columns, or a Dataset
   * @returns shape `[rows, outputs]`
   * @throws TypeError or RangeError if `x` is not such rows, or a column that an embedding takes
   * holds no category
   */
  predict(x: MatrixLike | Dataset): Matrix<FloatArray<D>> {
    const source = this.#source(x)
    const data = this.native.predict(source.native) as FloatArray<D>
    return { data, shape: [source.rows, this.outputs] }
  }

  /**
   * Like `predict`, on a thread of its own: for many rows, without blocking the event loop.
   *
   * @returns shape `[rows, outputs]`
   * @throws what `predict` throws, as a rejection
   */
  async predictAsync(x: MatrixLike | Dataset): Promise<Matrix<FloatArray<D>>> {
    const source = this.#source(x)
    const data = await runTask<Float32Array | Float64Array>((listener) => {
      this.native.predictAsync(source.native, listener)
    })
    return { data: data as FloatArray<D>, shape: [source.rows, this.outputs] }
  }

  /**
   * The class of each row: the index of its largest output; with one output, 1 where it is above
   * 1/2.
   *
   * @returns as many as rows
   * @throws as `predict`
   */
  classify(x: MatrixLike | Dataset): Int32Array {
    const { data, shape } = this.predict(x)
    const [rows, outputs] = shape
    return Int32Array.from({ length: rows }, (_, row) => {
      const value = (output: number) => data[row * outputs + output] ?? 0
      if (outputs === 1) return Number(value(0) > 0.5)
      let largest = 0
      for (let output = 1; output < outputs; output++)
        if (value(output) > value(largest)) largest = output
      return largest
    })
  }

  /** A table of the layers: shape, activation, number of parameters. */
  summary(): string {
    const rows = this.layers.map((layer, i) => [
      String(i),
      layer.activation === undefined ? layer.type : `${layer.type} ${layer.activation}`,
      `${layer.inputs} x ${layer.units}`,
      layer.trainable ? String(layer.parameterCount) : `${layer.parameterCount} frozen`,
    ])
    const table = [['layer', 'type', 'shape', 'parameters'], ...rows]
    const width = (column: number) => Math.max(...table.map((row) => row[column]?.length ?? 0))
    const lines = table.map((row) =>
      row
        .map((cell, column) =>
          column === 1 ? cell.padEnd(width(column)) : cell.padStart(width(column)),
        )
        .join('  '),
    )
    return [...lines, `${this.parameterCount} parameters, ${this.dtype}`].join('\n')
  }

  /** A network of the same layers and weights that shares nothing with this one. */
  clone(): Network<D> {
    const copy = new Network<D>(describe(this))
    copy.parameters = this.parameters
    return copy
  }

  /**
   * Compares the gradients of back-propagation with central differences, in float64, parameter by
   * parameter (so for small networks and few rows).
   *
   * @param x - rows of `inputs` columns
   * @param y - labels or dense targets
   * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range,
   * or for rows that do not fit the network and the loss
   */
  checkGradients(
    x: MatrixLike,
    y: Labels | MatrixLike,
    options: GradientCheckOptions,
  ): GradientReport {
    const { loss, l1, l2, epsilon, conventions } = complete(
      'checkGradients',
      gradientCheckOptions,
      options,
    )
    const { data: values, rows, columns } = toMatrix('x', x, this.inputs)
    const data = new Dataset({ data: values, shape: [rows, columns] }, y)
    checkCategories('x', this.layers, data)
    checkTargets('y', data, this.outputs, nameOf<LossName>(loss))
    const objective = {
      loss: toNative(description.losses, losses, loss, conventions),
      metrics: [],
      ...nativePenalties(this.layers, l1, l2, conventions),
      meanOverWeights: false,
      classWeights: [],
    }
    const tensors = this.native.checkGradients(data.native, objective, epsilon)
    return { relativeError: Math.max(0, ...tensors.map((e) => e.relativeError)), tensors }
  }

  /** The network as the bytes of a safetensors file, which other libraries read too. */
  toSafetensors(): Uint8Array {
    return encodeNetwork(this)
  }

  /**
   * The network of a safetensors file that `toSafetensors` or `save` wrote.
   *
   * @throws GemmnetError `ERR_BAD_FILE` if the bytes are damaged or no network of gemmnet's
   */
  static fromSafetensors(bytes: Uint8Array): Network<DType> {
    if (!(bytes instanceof Uint8Array)) throw typeError('bytes', 'a Uint8Array', bytes)
    return buildNetwork(decodeModel(bytes))
  }

  /**
   * Writes the network to a safetensors file. The file is replaced as a whole or not at all.
   *
   * @throws the system's error if it cannot be written
   */
  async save(path: FilePath): Promise<void> {
    await writeFileAtomically(toPath('path', path), this.toSafetensors())
  }

  /**
   * Reads a network that `save` wrote.
   *
   * @throws GemmnetError `ERR_BAD_FILE` if the file is damaged or no network of gemmnet's
   */
  static async load(path: FilePath): Promise<Network<DType>> {
    const file = toPath('path', path)
    return buildNetwork(decodeModel(await readFile(file), file))
  }

  #source(x: MatrixLike | Dataset): { native: NativeMatrix | NativeDataset; rows: number } {
    if (x instanceof Dataset) {
      if (x.features !== this.inputs)
        throw new RangeError(`\`x\` has ${x.features} columns, the network takes ${this.inputs}`)
      checkCategories('x', this.layers, x)
      return { native: x.native, rows: x.rows }
    }
    const matrix = toMatrix('x', x, this.inputs)
    checkCategories('x', this.layers, matrix)
    return { native: toNativeMatrix(matrix), rows: matrix.rows }
  }
}

function checkNetworkOptions<D extends DType>(options: NetworkOptions<D>) {
  const { inputs, seed, conventions } = complete('Network', networkOptions, options, {
    others: ownOptions,
  })
  const { layers: given, dtype: wanted } = options
  if (wanted !== undefined) checkDType('dtype', wanted)
  if (!Array.isArray(given) || given.length === 0)
    throw typeError('layers', 'an array of at least one layer', given)
  const layers = decideLayers(
    Array.from(given, (layer: unknown, i) => checkLayer(`layers[${i}]`, layer)),
    conventions,
  )
  let width = inputs
  let parameters = 0
  layers.forEach((layer, index) => {
    const units = unitsOf(layer, index, width)
    if (layer.type === 'dense') parameters += (width + 1) * units
    if (layer.type === 'embedding')
      for (const { categories, dimensions } of layer.columns) parameters += categories * dimensions
    width = units
  })
  if (parameters > mostParameters)
    throw new RangeError(`The layers have ${parameters} parameters; at most 2^32 are possible`)
  const dtype = wanted ?? ('float32' as D) // D is 'float32' where it is not given
  return { inputs, seed, layers, dtype, conventions }
}

function nativeLayer(layer: LayerSettings, conventions: Conventions): NativeLayerSettings {
  const activation = (value: Named<typeof activations>) =>
    toNative(description.activations, activations, value, conventions)
  const initializer = (value: Named<typeof initializers>) =>
    toNative(description.initializers, initializers, value, conventions)
  const { type } = layer
  const isDense = type === 'dense'
  const kernelInitializer = () => {
    if (type === 'embedding') return layer.initializer
    return isDense ? layer.kernelInitializer : 'zeros'
  }
  return {
    kind: type,
    options: inCoreOrder(description.layers, type, layerTable[type], { ...layer }),
    units: isDense ? layer.units : 0,
    activation: activation(isDense || type === 'activation' ? layer.activation : 'linear'),
    bias: isDense && layer.useBias,
    kernelInitializer: initializer(kernelInitializer()),
    biasInitializer: initializer(isDense ? layer.biasInitializer : 'zeros'),
    columns: type === 'embedding' ? layer.columns : [],
  }
}

/** What makes a network like this one, but for its weights. */
function describe<D extends DType>(network: Network<D>): NetworkDescription<D> {
  const { inputs, dtype, layers } = network
  return {
    inputs,
    dtype,
    layers: layers.map(({ description: made, trainable }) =>
      'trainable' in made ? { ...made, trainable } : made,
    ),
  }
}

/**
 * The bytes of a network's file.
 *
 * @param preparation - JSON of the pipeline that makes its rows
 */
export function encodeNetwork(network: Network<DType>, preparation?: string): Uint8Array {
  return encodeModel(describe(network), network.layers, preparation)
}

/** The network of a file. */
export function buildNetwork({ options, parameters }: NetworkFile): Network<DType> {
  const network = new Network<DType>(options)
  network.parameters = parameters
  return network
}
