import { evaluateCustomLoss } from './custom_loss.js'
import type { CustomLoss } from './custom_loss.js'
import { Dataset } from './dataset.js'
import { GemmnetError, rangeError, typeError } from './errors.js'
import type { Callback, EpochReport, FitPlan, Scores, Validation } from './fit.js'
import { Fit, toScores } from './fit.js'
import { CallSite, runTask } from './job.js'
import { busy } from './layer.js'
import type { DType } from './matrix.js'
import type { NativePhase, NativeScores, NativeTrainer } from './native.js'
import { native } from './native.js'
import { Network } from './network.js'
import { activityPenalties, checkTargets, maxNorms, tensorPenalties } from './objective.js'
import type { Optimizer } from './optimizers.js'
import { checkOptimizer, isQuasiNewton, optimizerSettings } from './optimizers.js'
import type {
  Conventions,
  LearningRateFunction,
  LossName,
  losses,
  MetricName,
  Named,
  OptimizerName,
  OptionsOf,
  QuasiNewtonName,
} from './options/index.js'
import {
  checks,
  classWeights as checkClassWeights,
  complete,
  losses as lossTable,
  metrics as metricTable,
  namedIn,
  nameOf,
  optimizers as optimizerTable,
  quasiNewton as quasiNewtonTable,
  trainerOptions,
} from './options/index.js'
import { nativeSchedule } from './schedules.js'
import { description, inCoreOrder, toNative } from './tables.js'

/** A metric of that name: the name, or an object with its name and options. */
export type Metric<M extends MetricName = MetricName> = M extends MetricName
  ? M | ({ readonly name: M } & OptionsOf<(typeof metricTable)[M]>)
  : never

/** A loss: its name, an object with its name and options, or a function of one's own. */
export type Loss = Named<typeof losses> | CustomLoss

/** One way to train, for some epochs, in a sequence of several. */
export interface Phase {
  /** The update rule of the phase. */
  readonly optimizer: Optimizer | OptimizerName
  /** Epochs after which the next phase begins. The last phase goes on for as long as `fit` does. */
  readonly epochs: number
  /** Rows per step. Default: the Trainer's. */
  readonly batchSize?: number | undefined
}

/** Options of a {@link Trainer}. */
export type TrainerOptions<M extends MetricName = never> = OptionsOf<typeof trainerOptions> & {
  /** The cost function that training makes small. */
  readonly loss: Loss
  /**
   * The update rule: `sgd(...)`, `adam(...)`, `lbfgs(...)`, a name for its defaults, or several
   * phases, one after the other.
   */
  readonly optimizer: Optimizer | OptimizerName | readonly Phase[]
  /** What is reported beside the loss. Default: nothing. */
  readonly metrics?: readonly Metric<M>[] | undefined
  /**
   * In training, what the weight of a row is multiplied with, by its class: an array with one
   * weight per class,or an object from class to weight (1 where it has none). Default: 1.
   */
  readonly classWeights?: ClassWeights | undefined
}

/** Weights of classes. */
export type ClassWeights = readonly number[] | Readonly<Record<number, number>>

/** Options of {@link Trainer.fit}. */
export interface FitOptions<
  M extends MetricName = never,
  V extends Validation | undefined = undefined,
> {
  /** A set, or several by name, that is scored after each epoch. */
  readonly validation?: V
  /** Passes over the training set, from 0. Default: the Trainer's, or the sum of its phases'. */
  readonly epochs?: number | undefined
  /** Ends the training within one batch; the Fit then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Functions to call on the way. */
  readonly callbacks?: readonly Callback<M, V>[] | undefined
  /** `onBatchEnd` is called at every so many batches, and at the epoch's last. Default 1. */
  readonly batchReportInterval?: number | undefined
  /**
   * Whether reports have the exact scores of the training set after each epoch, as `train`, beside
   * the running means over it. Default false: they cost another pass.
   */
  readonly evaluateTrain?: boolean | undefined
}

const ownOptions = ['loss', 'optimizer', 'metrics', 'classWeights'] as const
const fitOptions = [
  'validation',
  'epochs',
  'signal',
  'callbacks',
  'batchReportInterval',
  'evaluateTrain',
] as const
const hooks = ['onFitBegin', 'onEpochEnd', 'onBatchEnd', 'onFitEnd'] as const

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
  readonly #quasiNewton: readonly QuasiNewtonName[]
  readonly #l1: number

  /**
   * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of
   * range, or for options that do not go together
   */
  constructor(network: Network | Network<'float64'> | Network<DType>, options: TrainerOptions<M>) {
    if (!(network instanceof Network)) throw typeError('network', 'a Network', network)
    const settings = complete('Trainer', trainerOptions, options, ownOptions)
    const { accumulate, shuffle, seed, threads = 0, conventions } = settings
    const batchSize = options.batchSize ?? complete('Trainer', trainerOptions, {}, [], conventions).batchSize
    const { meanOver } = complete('Trainer', trainerOptions, options, ownOptions, conventions)
    const loss = checkLoss(options.loss)
    if (loss === 'categoricalCrossentropy' && network.outputs === 1)
      throw new RangeError(
        '`categoricalCrossentropy` needs two outputs or more; for one there is `binaryCrossentropy`',
      )
    const metrics = checkMetrics<M>(options.metrics)
    const phases = checkPhases(options.optimizer)
    const clipping = toClipping(settings, conventions)
    const classWeights = toClassWeights(options.classWeights)

    this.network = network
    this.loss = typeof loss === 'function' ? undefined : nameOf<LossName>(loss)
    this.#customLoss = typeof loss === 'function' ? loss : undefined
    this.metrics = Object.freeze(metrics.map((metric) => nameOf<M>(metric)))
    const allPhases = phases.reduce((sum, { epochs = 1 }) => sum + epochs, 0)
    this.epochs = settings.epochs ?? allPhases
    const decided = phases.map(({ optimizer }) => optimizerSettings(optimizer, conventions))
    this.#rates = decided.map(({ schedule }) =>
      typeof schedule === 'function' ? schedule : undefined,
    )
    this.#quasiNewton = phases.map(({ optimizer }) => optimizer.name).filter(isQuasiNewton)
    this.#l1 = settings.l1
    this.#checkMethods()
    this.#native = new native.Trainer(network.native, {
      objective: {
        loss:
          typeof loss === 'function'
            ? { name: '', options: [] }
            : toNative(description.losses, lossTable, loss, conventions),
        metrics: metrics.map((metric) =>
          toNative(description.metrics, metricTable, metric, conventions),
        ),
        tensorPenalties: tensorPenalties(network.layers, settings.l1, settings.l2, conventions),
        activityPenalties: activityPenalties(network.layers),
        penaltyPerRow: conventions === 'sklearn',
        meanOverWeights: meanOver === 'weights',
        classWeights,
      },
      phases: phases.map((phase, i): NativePhase => {
        const { schedule, weightDecay, decoupled, values } = decided[i] ?? optimizerSettings(phase.optimizer)
        const { name } = phase.optimizer
        const table = { ...optimizerTable, ...quasiNewtonTable }
        const rows = [...description.optimizers, ...description.quasiNewton]
        return {
          optimizer: {
            name,
            options: inCoreOrder(rows, name, table[name], Object.fromEntries(values)),
          },
          weightDecay,
          decoupled,
          clipping,
          maxNorms: maxNorms(network.layers),
          maxNormEpsilon: conventions === 'keras' ? 1e-7 : 0, // keras.constraints.MaxNorm
          ...(schedule !== undefined &&
            typeof schedule !== 'function' && { schedule: nativeSchedule(schedule) }),
          // A quasi-Newton method has no rate; it is never asked for one either.
          epochs: i + 1 === phases.length ? 0 : (phase.epochs ?? 0),
          batchSize: phase.batchSize ?? batchSize,
          accumulate,
        }
      }),
      averageMomentum: settings.averageMomentum ?? 0,
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
    const { signal, callbacks = [], batchReportInterval = 1, evaluateTrain = false } = options
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw typeError('signal', 'an AbortSignal', signal)
    checkCallbacks(callbacks)
    checks.positiveInteger('batchReportInterval', batchReportInterval)
    checks.boolean('evaluateTrain', evaluateTrain)
    if (this.network.isTraining) throw busy('a second fit cannot start')
    if (this.network.layers.every((layer) => !layer.trainable || layer.tensorNames.length === 0))
      throw new RangeError('The network has no layer to train: all are frozen, or have no weights')
    this.#checkMethods() // again: a batchNorm may have been thawed

    const all = evaluateTrain ? [...sets, train] : sets
    const plan: FitPlan<M, V> = {
      network: this.network,
      metrics: this.metrics,
      rates: this.#rates,
      customLoss: this.#customLoss,
      evaluateTrain,
      sets: all,
      validationNames: names,
      callbacks,
      signal,
      callSite: new CallSite(),
      trainer: this.#native,
      settings: {
        train: train.native,
        validations: all.map((set) => set.native),
        epochs,
        batchReportInterval: callbacks.some((callback: Callback<M, V>) => 'onBatchEnd' in callback)
          ? batchReportInterval
          : 0,
        wait: callbacks.length > 0 || this.#customLoss !== undefined,
      },
    }
    return new Fit(plan)
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
    if (report === undefined) throw new GemmnetError('ERR_NETWORK_BUSY', 'The fit was stopped')
    return report
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
    const custom = this.#customLoss
    const loss =
      custom === undefined ? scores.loss : await evaluateCustomLoss(custom, this.network, data)
    return toScores({ ...scores, loss }, this.metrics, this.network.outputs)
  }

  #checkMethods(): void {
    for (const name of this.#quasiNewton) checkMethod(name, this.network, this.loss, this.#l1)
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
    for (const name of hooks) {
      const hook: unknown = Reflect.get(callback, name)
      if (hook !== undefined && typeof hook !== 'function')
        throw typeError(`callbacks[${i}].${name}`, 'a function', hook)
    }
  })
}

function checkLoss(value: unknown): Loss {
  if (typeof value === 'function') return value as CustomLoss // what it returns is checked
  return namedIn('loss', lossTable)('loss', value)
}

function checkMetrics<M extends MetricName>(given: readonly Metric<M>[] | undefined): Metric<M>[] {
  if (given === undefined) return []
  const list: unknown = given
  if (!Array.isArray(list)) throw typeError('metrics', 'an array of names', list)
  const check = namedIn('metric', metricTable)
  const metrics = list.map((metric, i) => check(`metrics[${i}]`, metric))
  const names = metrics.map(nameOf<MetricName>)
  names.forEach((name, i) => {
    if (names.indexOf(name) !== i)
      throw rangeError(`metrics[${i}]`, 'a metric that is not in the list yet', name)
  })
  return metrics as Metric<M>[] // the given ones, checked
}

interface CheckedPhase {
  readonly optimizer: Optimizer
  readonly epochs?: number
  readonly batchSize?: number
}

function checkPhases(value: unknown): CheckedPhase[] {
  if (!Array.isArray(value)) return [{ optimizer: checkOptimizer(value) }]
  if (value.length === 0) throw typeError('optimizer', 'an optimizer, or phases of them', value)
  return value.map((phase: unknown, i) => {
    const name = `optimizer[${i}]`
    if (typeof phase !== 'object' || phase === null || !('optimizer' in phase))
      throw typeError(name, 'a phase, such as { optimizer: adam(), epochs: 10 }', phase)
    complete(name, {}, phase, ['optimizer', 'epochs', 'batchSize'])
    const { epochs, batchSize } = phase as { epochs?: unknown; batchSize?: unknown }
    return {
      optimizer: checkOptimizer(phase.optimizer),
      epochs: checks.positiveInteger(`${name}.epochs`, epochs),
      ...(batchSize !== undefined && {
        batchSize: checks.positiveInteger(`${name}.batchSize`, batchSize),
      }),
    }
  })
}

type Settings = ReturnType<typeof complete<typeof trainerOptions>>

function toClipping(
  { clipNorm, clipGlobalNorm, clipValue }: Settings,
  conventions: Conventions,
): NativePhase['clipping'] {
  const given = Object.entries({ clipNorm, clipGlobalNorm, clipValue }).filter(
    ([, limit]) => limit !== undefined,
  )
  if (given.length > 1)
    throw new RangeError(
      `Expected one way of clipping, got ${given.map(([name]) => `\`${name}\``).join(' and ')}`,
    )
  // PyTorch's clip_grad_norm_ takes all tensors together, divides by norm + 1e-6, and comes before
  // the optimizer adds its weight decay.
  const torch = conventions === 'torch'
  return {
    value: clipValue ?? 0,
    tensorNorm: torch ? 0 : (clipNorm ?? 0),
    globalNorm: clipGlobalNorm ?? (torch ? (clipNorm ?? 0) : 0),
    epsilon: torch ? 1e-6 : 0,
    beforePenalty: torch,
  }
}

function toClassWeights(given: ClassWeights | undefined): number[] {
  const value: unknown = given
  if (value === undefined) return []
  if (Array.isArray(value)) return [...checkClassWeights('classWeights', value)]
  if (typeof value !== 'object' || value === null)
    throw typeError('classWeights', 'an array, or an object from class to weight', value)
  const weights: number[] = []
  for (const [key, weight] of Object.entries(value)) {
    const label = checks.wholeNumber('classWeights', Number(key))
    weights[label] = checks.nonNegative(`classWeights[${key}]`, weight)
  }
  return Array.from(weights, (weight: number | undefined) => weight ?? 1)
}

/** Checks that a quasi-Newton method can have the cost that the other options make. */
function checkMethod(
  name: QuasiNewtonName,
  network: Network<DType>,
  loss: LossName | undefined,
  l1: number,
): void {
  const random = new Set(description.layers.filter((row) => row.random).map((row) => row.name))
  for (const layer of network.layers)
    if (random.has(layer.type) || (layer.type === 'batchNorm' && layer.trainable))
      throw new RangeError(
        `\`${name}\` needs a cost that depends on weights and rows only: it cannot train with ${layer.type}`,
      )
  if (maxNorms(network.layers.filter((layer) => layer.trainable)).some((limit) => limit !== 0))
    throw new RangeError(`\`${name}\` takes its steps freely: it cannot keep \`maxNorm\``)
  const squared = loss === 'meanSquaredError' || loss === 'halfSquaredError'
  if (name !== 'levenbergMarquardt') return
  if (!squared) throw rangeError('loss', `a squared error, for \`${name}\``, loss)
  const own = network.layers.map(({ description: layer }) => (layer.type === 'dense' ? layer : {}))
  const hasOther = own.some((layer: { l1?: number | undefined; biasL1?: number | undefined; activityL1?: number | undefined; activityL2?: number | undefined }) => (layer.l1 ?? l1) + (layer.biasL1 ?? 0) + (layer.activityL1 ?? 0) + (layer.activityL2 ?? 0) !== 0)
  if (hasOther)
    throw new RangeError(`\`${name}\` takes L2 penalties of weights, but neither L1 nor activity's`)
}
