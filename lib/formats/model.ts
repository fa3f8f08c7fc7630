import { badFile, show } from '../errors.js'
import type { Layer } from '../layer.js'
import type { LayerDescription, NetworkDescription } from '../layers.js'
import { checkLayer, unitsOf } from '../layers.js'
import type { DType, FloatArray } from '../matrix.js'
import { checkDType } from '../matrix.js'
import type { LayerType } from '../options/index.js'
import { checks } from '../options/index.js'
import type { Tensor } from './safetensors.js'
import { decodeSafetensors, encodeSafetensors } from './safetensors.js'

// A network in a safetensors file: tensors `layers.0.kernel` ([inputs, units]), `layers.0.bias`
// ([units]), `layers.1.gamma`, an embedding's `layers.0.embedding0` ([categories, dimensions]) and so
// on, and in the metadata its description as JSON. A Model's file has its preparation there, too.

const format = 'gemmnet'
const formatVersion = '1'

/**
 * The tensors of layers other than dense ones, in their order. The core has them too, but a file is
 * held against this before memory is asked for.
 */
const vectors: Readonly<Partial<Record<LayerType, readonly string[]>>> = {
  batchNorm: ['gamma', 'beta', 'movingMean', 'movingVariance'],
  layerNorm: ['gamma', 'beta'],
}

/** A network as a file has it. */
export interface NetworkFile {
  readonly options: NetworkDescription
  /** All weights, in the order of `Network.parameters`. */
  readonly parameters: readonly number[] | FloatArray
  /** JSON of the pipeline that makes its rows, if there is one. */
  readonly preparation?: string | undefined
}

/**
 * The bytes of a model file.
 *
 * @param preparation - JSON of the pipeline that makes its rows
 */
export function encodeModel(
  options: NetworkDescription,
  layers: readonly Layer[],
  preparation?: string,
): Uint8Array {
  const tensors = new Map<string, Tensor>()
  layers.forEach((layer, i) => {
    for (const { name, data, shape } of layer.tensors())
      tensors.set(`layers.${i}.${name}`, toTensor(data, shape))
  })
  const metadata = {
    format,
    formatVersion,
    network: JSON.stringify(options),
    ...(preparation !== undefined && { preparation }),
  }
  return encodeSafetensors({ tensors, metadata })
}

function toTensor(data: Float32Array | Float64Array, shape: readonly number[]): Tensor {
  return data instanceof Float32Array
    ? { dtype: 'F32', shape, data }
    : { dtype: 'F64', shape, data }
}

/**
 * Reads a model file that nobody vouches for.
 *
 * @throws GemmnetError `ERR_BAD_FILE`
 */
export function decodeModel(bytes: Uint8Array, path?: string): NetworkFile {
  const { tensors, metadata } = decodeSafetensors(bytes, path)
  const bad = (message: string, cause?: unknown) => badFile(message, path, cause)
  if (metadata.format !== format) throw bad("not a gemmnet model: its metadata say no 'format'")
  if (metadata.formatVersion !== formatVersion)
    throw bad(`of format version ${show(metadata.formatVersion)}; this gemmnet reads version 1`)
  const options = readOptions(metadata.network, bad)
  const arrays: FloatArray[] = []
  const left = new Map(tensors)
  let width = options.inputs
  options.layers.forEach((layer, i) => {
    const take = (name: string, shape: readonly number[]) => {
      const key = `layers.${i}.${name}`
      const tensor = left.get(key)
      if (tensor === undefined) throw bad(`tensor ${show(key)} is missing`)
      if (tensor.shape.join() !== shape.join())
        throw bad(`tensor ${show(key)} is [${tensor.shape.join(', ')}], not [${shape.join(', ')}]`)
      if (tensor.dtype !== (options.dtype === 'float64' ? 'F64' : 'F32'))
        throw bad(`tensor ${show(key)} has dtype ${tensor.dtype}, the network is ${options.dtype}`)
      if (!tensor.data.every(Number.isFinite))
        throw bad(`tensor ${show(key)} has a value that is not finite`)
      arrays.push(tensor.data)
      left.delete(key)
    }
    const units = readUnits(layer, i, width, bad)
    if (layer.type === 'dense') {
      take('kernel', [width, units])
      if (layer.useBias ?? true) take('bias', [units])
    }
    if (layer.type === 'embedding')
      layer.columns.forEach(({ categories, dimensions }, table) => {
        take(`embedding${table}`, [categories, dimensions])
      })
    width = units
    for (const name of vectors[layer.type] ?? []) take(name, [width])
  })
  for (const key of left.keys()) throw bad(`tensor ${show(key)} belongs to no layer`)
  const parameters = concatenate(arrays, options.dtype)
  return { options, parameters, preparation: metadata.preparation }
}

function readUnits(
  layer: LayerDescription,
  index: number,
  inputs: number,
  bad: (message: string, cause?: unknown) => Error,
): number {
  try {
    return unitsOf(layer, index, inputs)
  } catch (cause) {
    throw bad(`its description of the network is damaged: ${messageOf(cause)}`, cause)
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

function readOptions(
  text: string | undefined,
  bad: (message: string, cause?: unknown) => Error,
): NetworkDescription {
  try {
    const value: unknown = JSON.parse(text ?? '')
    if (typeof value !== 'object' || value === null) throw new TypeError('not an object')
    const inputs: unknown = Reflect.get(value, 'inputs')
    const dtype: unknown = Reflect.get(value, 'dtype')
    const layers: unknown = Reflect.get(value, 'layers')
    if (!Array.isArray(layers) || layers.length === 0) throw new TypeError('there are no layers')
    return {
      inputs: checks.positiveInteger('inputs', inputs),
      dtype: checkDType('dtype', dtype),
      layers: layers.map((layer, i) => checkLayer(`layers[${i}]`, layer)),
    }
  } catch (cause) {
    throw bad(`its description of the network is damaged: ${messageOf(cause)}`, cause)
  }
}

function concatenate(arrays: readonly FloatArray[], dtype: DType): FloatArray {
  const size = arrays.reduce((sum, array) => sum + array.length, 0)
  const all = dtype === 'float64' ? new Float64Array(size) : new Float32Array(size)
  let end = 0
  for (const array of arrays) {
    all.set(array, end)
    end += array.length
  }
  return all
}
