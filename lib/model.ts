import { readFile } from 'node:fs/promises'
import { badFile, show, typeError } from './errors.js'
import type { FilePath } from './formats/file.js'
import { toPath, writeFileAtomically } from './formats/file.js'
import { decodeModel } from './formats/model.js'
import type { DType, FloatArray, Matrix } from './matrix.js'
import { buildNetwork, encodeNetwork, Network } from './network.js'
import { Pipeline } from './preparation/pipeline.js'
import type { RawRows } from './preparation/raw_rows.js'

/**
 * A network together with the preparation of its rows: predicts from rows as they are, and stands in
 * one file.
 *
 * @example
 * const layers = [dense(16, 'relu'), dense(2, 'softmax')]
 * const network = new Network({ inputs: pipeline.outputs.length, layers })
 * const model = new Model(pipeline, network) // both trained, one hopes
 * model.classify({ age: 39, job: 'State' }) // ['<=50K']
 * await model.save('income.safetensors')
 */
export class Model<D extends DType = DType> {
  readonly pipeline: Pipeline
  readonly network: Network<D>

  /**
   * @param pipeline - has learned from the training set
   * @param network - takes as many columns as the pipeline makes, and has an output per class or
   * column of the target
   * @throws TypeError or RangeError if they do not fit one another
   * @throws GemmnetError `ERR_NOT_FITTED` if the pipeline has not learned yet
   */
  constructor(pipeline: Pipeline, network: Network<D>) {
    if (!(pipeline instanceof Pipeline)) throw typeError('pipeline', 'a Pipeline', pipeline)
    if (!(network instanceof Network)) throw typeError('network', 'a Network', network)
    const { outputs, classes } = pipeline
    if (outputs.length !== network.inputs)
      throw new RangeError(
        `The pipeline makes ${outputs.length} columns, the network takes ${network.inputs}`,
      )
    const isBinary = classes?.length === 2 && network.outputs === 1
    if (classes !== undefined && classes.length !== network.outputs && !isBinary)
      throw new RangeError(
        `The target has ${classes.length} classes, the network has ${network.outputs} outputs`,
      )
    const { targetWidth = network.outputs } = pipeline
    if (targetWidth !== network.outputs)
      throw new RangeError(
        `The target has ${targetWidth} columns, the network has ${network.outputs} outputs`,
      )
    this.pipeline = pipeline
    this.network = network
    Object.freeze(this)
  }

  /** The classes by their index, as the data have them; undefined for other targets. */
  get classes(): readonly (string | number)[] | undefined {
    return this.pipeline.classes
  }

  /**
   * The network's outputs for each row, in the target's own units where its transformer changed
   * them.
   *
   * @param x - a Table, an object by column or an array of them; or rows of numbers, if the pipeline
   * learned from such
   * @returns shape `[rows, network.outputs]`
   * @throws TypeError or RangeError, naming the column, if it cannot be prepared
   */
  predict(x: RawRows): Matrix<FloatArray> {
    return this.pipeline.inverseTarget(this.network.predict(this.pipeline.features(x)))
  }

  /**
   * Like `predict`; the network computes on a thread of its own.
   *
   * @throws what `predict` throws, as a rejection
   */
  async predictAsync(x: RawRows): Promise<Matrix<FloatArray>> {
    const outputs = await this.network.predictAsync(this.pipeline.features(x))
    return this.pipeline.inverseTarget(outputs)
  }

  /**
   * The class of each row, as the data have it; its index where the target was no column of classes.
   *
   * @throws as `predict`
   */
  classify(x: RawRows): (string | number)[] {
    const indices = this.network.classify(this.pipeline.features(x))
    const { classes } = this
    return Array.from(indices, (index) => classes?.[index] ?? index)
  }

  /**
   * The model as the bytes of a safetensors file, which `Network.fromSafetensors` reads too, without
   * the preparation.
   *
   * @throws TypeError if the pipeline has a transformer that is not registered
   */
  toSafetensors(): Uint8Array {
    return encodeNetwork(this.network, JSON.stringify(this.pipeline))
  }

  /**
   * The model of a safetensors file that `toSafetensors` or `save` wrote.
   *
   * @throws GemmnetError `ERR_BAD_FILE` if the bytes are damaged or no model's
   */
  static fromSafetensors(bytes: Uint8Array): Model {
    if (!(bytes instanceof Uint8Array)) throw typeError('bytes', 'a Uint8Array', bytes)
    return decode(bytes)
  }

  /**
   * Writes the model to a safetensors file. The file is replaced as a whole or not at all.
   *
   * @throws the system's error if it cannot be written
   */
  async save(path: FilePath): Promise<void> {
    await writeFileAtomically(toPath('path', path), this.toSafetensors())
  }

  /**
   * Reads a model that `save` wrote.
   *
   * @throws GemmnetError `ERR_BAD_FILE` if the file is damaged or no model's
   */
  static async load(path: FilePath): Promise<Model> {
    const file = toPath('path', path)
    return decode(await readFile(file), file)
  }
}

function decode(bytes: Uint8Array, path?: string): Model {
  const file = decodeModel(bytes, path)
  if (file.preparation === undefined)
    throw badFile('a network without preparation; Network.load and fromSafetensors read it', path)
  try {
    return new Model(Pipeline.fromJSON(JSON.parse(file.preparation)), buildNetwork(file))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : show(cause)
    throw badFile(`its preparation is damaged: ${reason}`, path, cause)
  }
}
