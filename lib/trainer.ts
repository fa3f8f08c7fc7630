import { Dataset } from './dataset.js'
import { typeError } from './errors.js'
import type { Callback, FitPlan, Scores, Validation } from './fit.js'
import { Fit, toScores } from './fit.js'
import { CallSite, runTask } from './job.js'
import { busy } from './layer.js'
import type { DType } from './matrix.js'
import type { NativeScores, NativeTrainer } from './native.js'
import { native } from './native.js'
import { Network } from './network.js'
import { checkTargets, penalties } from './objective.js'
import type { Optimizer } from './optimizers.js'
import { checkOptimizer, optimizerSettings } from './optimizers.js'
import type { LossName, MetricName, OptimizerName, OptionsOf } from './options/index.js'
import { checks, complete, metrics as metricTable, nameIn, trainerOptions } from './options/index.js'

/** Options of a {@link Trainer}. */
export type TrainerOptions<M extends MetricName = never> = OptionsOf<typeof trainerOptions> & {
  /** The update rule: `sgd(...)`, `adam(...)`, `gradientDescent(...)`, or a name for its defaults. */
  readonly optimizer: Optimizer | OptimizerName
  /** What is reported beside the loss. Default: nothing. */
  readonly metrics?: readonly M[] | undefined
}

/** Options of {@link Trainer.fit}. */
export interface FitOptions<
  M extends MetricName = MetricName,
  V extends Validation | undefined = undefined,
> {
  /** A set, or several by name, that is scored after each epoch. */
  readonly validation?: V
  /** Passes over the training set, from 0. Default: the Trainer's. */
  readonly epochs?: number | undefined
  /** Ends the training within one batch; the Fit then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Functions to call on the way. */
  readonly callbacks?: readonly Callback<M, V>[] | undefined
  /** `onBatchEnd` is called at every so many batches, and at the epoch's last. Default 1. */
  readonly batchReportInterval?: number | undefined
}

const { optimizers: coreOptimizers } = native.describe()
const ownOptions = ['optimizer', 'metrics'] as const
const fitOptions = ['validation', 'epochs', 'signal', 'callbacks', 'batchReportInterval'] as const

/**
 * Trains one network. What an optimizer remembers, and the count of epochs, last as long as the
 * Trainer: a second `fit` goes on where the first one ended.
 *
 * @example
 * const trainer = new Trainer(network, { loss: 'categoricalCrossentropy', optimizer: 'adam' })
 * await trainer.fit(data, { epochs: 5 })
 */
export class Trainer<M extends MetricName = never> {
  readonly network: Network<DType>
  readonly loss: LossName
  readonly metrics: readonly M[]
  readonly epochs: number
  readonly #native: NativeTrainer

  /**
   * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
   */
  constructor(network: Network | Network<'float64'> | Network<DType>, options: TrainerOptions<M>) {
    if (!(network instanceof Network)) throw typeError('network', 'a Network', network)
    const settings = complete('Trainer', trainerOptions, options, ownOptions)
    const { optimizer: givenOptimizer, metrics: givenMetrics } = options
    const { loss, batchSize, epochs, shuffle, seed, threads = 0, l2 } = settings
    if (loss === 'categoricalCrossentropy' && network.outputs === 1)
      throw new RangeError(
        '`categoricalCrossentropy` needs two outputs or more; for one there is `binaryCrossentropy`',
      )
    this.network = network
    this.loss = loss
    this.metrics = checkMetrics(givenMetrics)
    this.epochs = epochs
    const optimizer = checkOptimizer(givenOptimizer)
    const { schedule, values } = optimizerSettings(optimizer)
    const learningRate = schedule !== undefined && 'rate' in schedule ? schedule.rate : NaN
    this.#native = new native.Trainer(network.native, {
      objective: {
        loss,
        lossOptions: [],
        metrics: this.metrics,
        l2: penalties(network.layers, l2),
      },
      optimizer: optimizer.name,
      optimizerOptions: inCoreOrder(optimizer.name, values),
      learningRate,
      batchSize,
      shuffle,
      seed,
      threads,
    })
    Object.freeze(this)
  }

  /**
   * Trains on `train`, on threads of its own.
   *
   * @returns a {@link Fit} to await or to iterate over; it rejects with `ERR_NON_FINITE_LOSS` when
   * the loss becomes NaN or infinite, with the signal's reason when it aborts, with whatever a
   * callback throws
   * @throws TypeError or RangeError if a data set does not fit the network and the loss
   * @throws GemmnetError `ERR_NETWORK_BUSY` if the network is training already
   */
  fit<V extends Validation | undefined = undefined>(
    train: Dataset,
    options: FitOptions<M, V> = {},
  ): Fit<M, V> {
    complete('fit', {}, options, fitOptions)
    this.#checkData('train', train)
    const { names, sets } = this.#validations(options.validation)
    const epochs =
      options.epochs === undefined ? this.epochs : checks.wholeNumber('epochs', options.epochs)
    const { signal, callbacks = [], batchReportInterval = 1 } = options
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw typeError('signal', 'an AbortSignal', signal)
    checkCallbacks(callbacks)
    checks.positiveInteger('batchReportInterval', batchReportInterval)
    if (this.network.isTraining) throw busy('a second fit cannot start')

    const plan: FitPlan<M, V> = {
      metrics: this.metrics,
      validationNames: names,
      callbacks,
      signal,
      callSite: new CallSite(),
      trainer: this.#native,
      settings: {
        train: train.native,
        validations: sets.map((set) => set.native),
        epochs,
        batchReportInterval: callbacks.some((callback: Callback<M, V>) => 'onBatchEnd' in callback)
          ? batchReportInterval
          : 0,
        wait: callbacks.length > 0,
      },
    }
    return new Fit(plan)
  }

  /**
   * Scores the network on a data set, on threads of its own. While it trains: with the weights at
   * the end of the last finished epoch.
   *
   * @throws TypeError or RangeError if the data set does not fit the network and the loss
   */
  async evaluate(data: Dataset): Promise<Scores<M>> {
    this.#checkData('data', data)
    const scores = await runTask<NativeScores>((listener) => {
      this.#native.evaluate(data.native, listener)
    })
    return toScores(scores, this.metrics)
  }

  #validations(validation: Validation | undefined): {
    names: readonly string[] | undefined | null
    sets: readonly Dataset[]
  } {
    if (validation === undefined) return { names: null, sets: [] }
    if (validation instanceof Dataset) {
      this.#checkData('validation', validation)
      return { names: undefined, sets: [validation] }
    }
    if (typeof validation !== 'object' || (validation as unknown) === null)
      throw typeError('validation', 'a Dataset or several by name', validation)
    const sets = Object.entries(validation)
    for (const [name, set] of sets) this.#checkData(`validation.${name}`, set)
    return { names: sets.map(([name]) => name), sets: sets.map(([, set]) => set) }
  }

  #checkData(name: string, data: unknown): void {
    if (!(data instanceof Dataset)) throw typeError(name, 'a Dataset', data)
    const { inputs, outputs } = this.network
    if (data.features !== inputs)
      throw new RangeError(`\`${name}\` has ${data.features} columns, the network takes ${inputs}`)
    checkTargets(name, data, outputs, this.loss)
  }
}

function checkCallbacks(callbacks: unknown): void {
  if (!Array.isArray(callbacks)) throw typeError('callbacks', 'an array', callbacks)
  callbacks.forEach((callback: unknown, i) => {
    if (typeof callback !== 'object' || callback === null)
      throw typeError(`callbacks[${i}]`, 'an object', callback)
    for (const name of ['onEpochEnd', 'onBatchEnd']) {
      const hook: unknown = Reflect.get(callback, name)
      if (hook !== undefined && typeof hook !== 'function')
        throw typeError(`callbacks[${i}].${name}`, 'a function', hook)
    }
  })
}

function checkMetrics<M extends MetricName>(given: readonly M[] | undefined): readonly M[] {
  if (given === undefined) return []
  const list: unknown = given
  if (!Array.isArray(list)) throw typeError('metrics', 'an array of names', list)
  const check = nameIn('metric', metricTable)
  given.forEach((name, i) => check(`metrics[${i}]`, name))
  return Object.freeze([...given])
}

/** The optimizer's numbers in the order in which the core's table names them. */
function inCoreOrder(name: OptimizerName, values: ReadonlyMap<string, number>): number[] {
  const row = coreOptimizers.find((optimizer) => optimizer.name === name)
  return (row?.options ?? []).map((option) => values.get(option) ?? NaN)
}
