import { checkCategories } from './categories.js'
import { evaluateCustomLoss } from './custom_loss.js'
import type { CustomLoss } from './custom_loss.js'
import { Dataset } from './dataset.js'
import { typeError } from './errors.js'
import type { Callback } from './fit.js'
import { Fit } from './fit.js'
import type { Company, FitOptions, StreamOptions } from './fit_options.js'
import { checkCallbacks, checkColumns } from './fit_options.js'
import { CallSite, runTask } from './job.js'
import { busy } from './layer.js'
import type { DType } from './matrix.js'
import type { NativeFitSettings, NativePhase, NativeScores, NativeTrainer } from './native.js'
import { native } from './native.js'
import { Network } from './network.js'
import { checkTargets, maxNorms, nativePenalties, warnOfOutputs } from './objective.js'
import { nativeOptimizer, optimizerSettings } from './optimizers.js'
import type { LearningRateFunction, LossName, MetricName, OptimizerName } from './options/index.js'
import {
  complete,
  fitOptions,
  losses,
  metrics as metricTable,
  nameOf,
  streamOptions,
  trainerOptions,
} from './options/index.js'
import type { EpochReport, Scores, Validation } from './report.js'
import { toScores } from './report.js'
import { nativeSchedule } from './schedules.js'
import { description, toNative } from './tables.js'
import { Assembler } from './stream/assembler.js'
import type { FeedPlan } from './stream/feed.js'
import type { StreamSource } from './stream/source.js'
import { checkSource } from './stream/source.js'
import type { TrainerOptions } from './trainer_options.js'
import {
  checkLoss,
  checkMethod,
  checkMetrics,
  checkPhases,
  checkUse,
  toClassWeights,
  toClipping,
} from './trainer_options.js'

const ownOptions = ['loss', 'optimizer', 'metrics', 'classWeights'] as const
const ownFitOptions = ['validation', 'signal', 'callbacks'] as const
const ownStreamOptions = [...ownFitOptions, 'preparation', 'features', 'target'] as const

/** Bytes of features that may wait for training. */
const bytesAhead = 16e6
/** Single rows that are prepared at once. */
const mostGathered = 4096

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
  /** The loss's name; undefined for one of one's own. */
  readonly loss: LossName | undefined
  readonly metrics: readonly M[]
  readonly epochs: number
  readonly #native: NativeTrainer
  readonly #customLoss: CustomLoss | undefined
  readonly #rates: readonly (LearningRateFunction | undefined)[]
  readonly #optimizers: readonly OptimizerName[]
  readonly #phases: readonly NativePhase[]
  readonly #l1: number

  /**
   * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of
   * range, or for options that do not go together
   */
  constructor(network: Network | Network<'float64'> | Network<DType>, options: TrainerOptions<M>) {
    if (!(network instanceof Network)) throw typeError('network', 'a Network', network)
    const settings = complete('Trainer', trainerOptions, options, { others: ownOptions })
    const { l1, l2, conventions } = settings
    const loss = checkLoss(options.loss)
    const metrics = checkMetrics<M>(options.metrics)
    const phases = checkPhases(options.optimizer)
    const name = typeof loss === 'function' ? undefined : nameOf<LossName>(loss)
    if (name === 'categoricalCrossentropy' && network.outputs === 1)
      throw new RangeError(
        '`categoricalCrossentropy` needs two outputs or more; for one there is `binaryCrossentropy`',
      )
    warnOfOutputs(network.layers, name)
    const rules = phases.map(({ optimizer }) => optimizerSettings(optimizer, conventions))

    this.network = network
    this.loss = name
    this.metrics = Object.freeze(metrics.map((metric) => nameOf<M>(metric)))
    this.epochs = settings.epochs ?? phases.reduce((sum, { epochs = 1 }) => sum + epochs, 0)
    this.#customLoss = typeof loss === 'function' ? loss : undefined
    this.#rates = rules.map(({ schedule }) =>
      typeof schedule === 'function' ? schedule : undefined,
    )
    checkUse(phases, options)
    this.#optimizers = phases.map(({ optimizer }) => optimizer.name)
    this.#l1 = l1
    this.#checkMethods()
    this.#phases = rules.map((rule, i): NativePhase => {
      const { epochs, batchSize } = phases[i] ?? {}
      return {
        optimizer: nativeOptimizer(rule),
        weightDecay: rule.weightDecay,
        decoupled: rule.decoupled,
        clipping: toClipping(settings),
        maxNorms: maxNorms(network.layers),
        maxNormEpsilon: conventions === 'keras' ? 1e-7 : 0, // keras.constraints.MaxNorm
        // A quasi-Newton method has no rate; it is never asked for one either.
        ...(typeof rule.schedule === 'object' && { schedule: nativeSchedule(rule.schedule) }),
        epochs: i + 1 === phases.length ? 0 : (epochs ?? 0),
        batchSize: batchSize ?? settings.batchSize,
        accumulate: settings.accumulate,
      }
    })
    this.#native = new native.Trainer(network.native, {
      objective: {
        loss:
          typeof loss === 'function'
            ? { name: '', options: [] }
            : toNative(description.losses, losses, loss, conventions),
        metrics: metrics.map((metric) =>
          toNative(description.metrics, metricTable, metric, conventions),
        ),
        ...nativePenalties(network.layers, l1, l2, conventions),
        meanOverWeights: settings.meanOver === 'weights',
        classWeights: toClassWeights(options.classWeights, network.outputs),
      },
      phases: this.#phases,
      averageMomentum: settings.averageMomentum ?? 0,
      shuffle: settings.shuffle,
      seed: settings.seed,
      threads: settings.threads ?? 0,
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
    const settings = complete('fit', fitOptions, options, { others: ownFitOptions })
    const { epochs = this.epochs, batchReportInterval, evaluateTrain } = settings
    this.checkData('train', train)
    return this.#begin(options, {
      train,
      evaluateTrain,
      epochs,
      batchReportInterval,
      callSite: new CallSite(),
    })
  }

  /**
   * Trains on rows as they come, so that more of them than memory holds can be learned from; on
   * threads of its own. Rows are cut into batches anew: in what blocks they come makes no
   * difference, and unshuffled the weights are bit for bit those of `fit` on the same rows in
   * memory. With a `shuffleBuffer` of all rows of an epoch or more they are those of a `fit` that
   * shuffles; a smaller one draws an order over that many rows at a time.
   *
   * An epoch is one pass over the source, or `epochRows` rows; its last batch may be smaller. The
   * source is asked for more only while no more than `maximumRowsAhead` rows wait. It is closed
   * (`return`) however the training ends. If it fails, the rows that it gave before are trained on,
   * but for those that make no whole batch; then the Fit rejects with its error.
   *
   * @param source - blocks, or a function that begins a pass: see {@link StreamSource}
   * @returns a {@link Fit}, as `fit` gives; it also rejects with what the source throws, with a
   * TypeError or RangeError, naming the row by its number in the pass, for rows that do not fit, and
   * with a RangeError if the source gives no rows, or none in a later pass
   * @throws TypeError or RangeError for wrong options, or if an optimizer needs all rows at once
   * @throws GemmnetError `ERR_NETWORK_BUSY` if the network is training already
   *
   * @example
   * const network = new Network({ inputs: 2, layers: [dense(8, 'relu'), dense(1)] })
   * const trainer = new Trainer(network, { loss: 'meanSquaredError', optimizer: 'adam' })
   * async function* rows() {
   *   for (let i = 0; i < 10_000; i++) yield { a: i % 7, b: i % 5, sum: (i % 7) + (i % 5) }
   * }
   * await trainer.fitStream(rows, { target: 'sum', epochs: 2, shuffleBuffer: 1000 })
   */
  fitStream<V extends Validation | undefined = undefined>(
    source: StreamSource,
    options: StreamOptions<M, V> = {},
  ): Fit<M, V> {
    const settings = complete('fitStream', streamOptions, options, { others: ownStreamOptions })
    const { epochs = this.epochs, epochRows, shuffleBuffer, batchReportInterval } = settings
    const { inputs, outputs, dtype } = this.network
    this.#checkStreamable(epochRows)
    const stepRows = Math.max(...this.#phases.map((phase) => phase.batchSize * phase.accumulate))
    const bytes = inputs * (dtype === 'float64' ? 8 : 4)
    const callSite = new CallSite()
    const feed: FeedPlan = {
      source: checkSource(source),
      assembler: new Assembler({
        ...checkColumns(options),
        outputs,
        check: (rows) => {
          this.checkData('block', rows)
        },
        gathered: Math.min(stepRows, mostGathered),
        callSite,
      }),
      epochs,
      epochRows,
      callSite,
    }
    const stream = {
      mostAhead: settings.maximumRowsAhead ?? Math.max(2 * stepRows, Math.ceil(bytesAhead / bytes)),
      epochRows: epochRows ?? 0,
      shuffleBuffer: shuffleBuffer ?? 0,
    }
    return this.#begin(options, { feed, stream, epochs, batchReportInterval, callSite })
  }

  /** Starts a fit, of rows in memory or of a stream. */
  #begin<V extends Validation | undefined>(
    { validation, signal, callbacks = [] }: Company<M, V>,
    given: Pick<NativeFitSettings, 'stream' | 'epochs' | 'batchReportInterval'> & {
      readonly train?: Dataset
      readonly evaluateTrain?: boolean
      readonly feed?: FeedPlan
      readonly callSite: CallSite
    },
  ): Fit<M, V> {
    const { train, evaluateTrain = false, feed, stream, epochs, callSite } = given
    const { names, sets } = this.#validations(validation)
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw typeError('signal', 'an AbortSignal', signal)
    checkCallbacks(callbacks)
    if (this.network.isTraining) throw busy('a second fit cannot start')
    if (this.network.layers.every((layer) => !layer.trainable || layer.tensorNames.length === 0))
      throw new RangeError('The network has no layer to train: all are frozen, or have no weights')
    this.#checkMethods() // again: layers can be frozen, and learn again, at any time

    const all = evaluateTrain && train !== undefined ? [...sets, train] : sets
    const listens = callbacks.some((callback: Callback<M, V>) => callback.onBatchEnd !== undefined)
    return new Fit<M, V>({
      network: this.network,
      metrics: this.metrics,
      rates: this.#rates,
      customLoss: this.#customLoss,
      evaluateTrain,
      sets: all,
      validationNames: names,
      callbacks,
      signal,
      callSite,
      trainer: this.#native,
      feed,
      settings: {
        ...(train !== undefined && { train: train.native }),
        ...(stream !== undefined && { stream }),
        validations: all.map((set) => set.native),
        epochs,
        batchReportInterval: listens ? given.batchReportInterval : 0,
        wait: callbacks.length > 0 || this.#customLoss !== undefined,
      },
    })
  }

  /** Checks that no phase needs to know what a stream shows at its end only. */
  #checkStreamable(epochRows: number | undefined): void {
    for (const { optimizer, schedule } of this.#phases) {
      const firstOrder = description.optimizers.find(({ name }) => name === optimizer.name)
      if (firstOrder?.fullBatch !== false)
        throw new RangeError(
          `\`${optimizer.name}\` needs all rows at once: it cannot train on a stream, \`fit\` can`,
        )
      const { per, child } = schedule ?? {}
      if (child !== undefined && child.per !== per && epochRows === undefined)
        throw new RangeError(
          `A warmup in ${per}s of a schedule in ${child.per}s needs to know the steps of an epoch: set \`epochRows\``,
        )
    }
  }

  /**
   * One pass over `train`, from where training stands: as often as you like, `fit` with that many
   * epochs is the same.
   *
   * @throws what `fit` throws, and rejects with what its Fit rejects with
   */
  async partialFit(train: Dataset): Promise<EpochReport<M>> {
    const { epochs } = await this.fit(train, { epochs: 1 })
    const [report] = epochs
    if (report === undefined) throw new Error('No epoch') // nothing can have stopped it
    return report
  }

  /**
   * Scores the network on a data set, on threads of its own. While it trains: with the weights at
   * the end of the last finished epoch.
   *
   * @throws TypeError or RangeError if the data set does not fit the network and the loss
   */
  async evaluate(data: Dataset): Promise<Scores<M>> {
    this.checkData('data', data)
    const scores = await runTask<NativeScores>((listener) => {
      this.#native.evaluate(data.native, listener)
    })
    const custom = this.#customLoss
    const loss =
      custom === undefined ? scores.loss : await evaluateCustomLoss(custom, this.network, data)
    return toScores({ ...scores, loss }, this.metrics, this.network.outputs)
  }

  #checkMethods(): void {
    for (const name of this.#optimizers) checkMethod(name, this.network, this.loss, this.#l1)
  }

  #validations(validation: Validation | undefined): {
    names: readonly string[] | undefined
    sets: readonly Dataset[]
  } {
    if (validation === undefined) return { names: undefined, sets: [] }
    if (validation instanceof Dataset) {
      this.checkData('validation', validation)
      return { names: undefined, sets: [validation] }
    }
    if (typeof validation !== 'object' || (validation as unknown) === null)
      throw typeError('validation', 'a Dataset or several by name', validation)
    const sets = Object.entries(validation)
    for (const [name, set] of sets) this.checkData(`validation.${name}`, set)
    return { names: sets.map(([name]) => name), sets: sets.map(([, set]) => set) }
  }

  /** Checks that the network can be trained and scored on a data set. @internal */
  checkData(name: string, data: unknown): void {
    if (!(data instanceof Dataset)) throw typeError(name, 'a Dataset', data)
    const { inputs, outputs } = this.network
    if (data.features !== inputs)
      throw new RangeError(`\`${name}\` has ${data.features} columns, the network takes ${inputs}`)
    checkCategories(name, this.network.layers, data)
    checkTargets(name, data, outputs, this.loss)
  }
}
