import type { GeneralCallback } from '../callbacks.js'
import { Dataset } from '../dataset.js'
import { GemmnetError, typeError } from '../errors.js'
import type { CallSite } from '../job.js'
import type { DType } from '../matrix.js'
import type { Network } from '../network.js'
import type { MetricName } from '../options/index.js'
import type { Scores } from '../report.js'
import { Trainer } from '../trainer.js'
import type { Scheduler } from './scheduler.js'

/**
 * The data sets of an experiment by name: what is trained on, `train`, and what is only scored, of
 * any other names.
 */
export interface DataSets {
  readonly train: Dataset
}

/** Scores of each data set. */
export type DataScores<M extends MetricName, D extends DataSets> = {
  readonly [Name in keyof D]: Scores<M>
}

/** What `build` is told beside the point. */
export interface BuildContext {
  /** A seed of its own: a function of the experiment's seed and the trial's place only. */
  readonly seed: number
  /** Place among the trials, from 0. */
  readonly index: number
  /** What it will be trained on. */
  readonly train: Dataset
}

/** What `build` returns: a Trainer, with callbacks for its fit if wanted. */
export type Built<M extends MetricName = never> =
  | Trainer<M>
  | {
      readonly trainer: Trainer<M>
      /** New ones for each trial. All data sets but `train` are then scored after each epoch. */
      readonly callbacks?: readonly GeneralCallback[] | undefined
    }

/**
 * Makes a new network and its Trainer for a point. Leave the Trainer's `threads` open: each network
 * then has one thread while there are as many as processors, and the last ones have more.
 */
export type Build<P, M extends MetricName = never> = (
  point: P,
  context: BuildContext,
) => Built<M> | Promise<Built<M>>

/** What came of one network. */
export interface Trial<P = object, M extends MetricName = never, D extends DataSets = DataSets> {
  /** Place among the trials, from 0. */
  readonly index: number
  /** What `build` was given. */
  readonly point: P
  /** The seed that `build` was given. */
  readonly seed: number
  /** Epochs that were finished. */
  readonly epochs: number
  /** From the beginning of the training to its end. */
  readonly seconds: number
  /** Of every data set after the training; undefined if it diverged. */
  readonly scores: DataScores<M, D> | undefined
  /** `ERR_NON_FINITE_LOSS` if the training diverged. */
  readonly error: GemmnetError | undefined
  /**
   * The trained network: with `keepNetworks`, and of the best trial. Undefined where the trial was
   * read from a file; to have it again, train what `build` returns for its point and seed.
   */
  readonly network: Network<DType> | undefined
}

/** A trial that is to be made. */
export interface Candidate<P, D extends DataSets> {
  readonly index: number
  readonly point: P
  readonly seed: number
  readonly data: D
}

/** What all trials of an experiment are made with. */
export interface Workshop<P, M extends MetricName> {
  readonly build: Build<P, M>
  readonly scheduler: Scheduler
  /** Networks that have been built: each is good for one trial. */
  readonly networks: WeakSet<Network<DType>>
  /** Where the user began the experiment. */
  readonly callSite: CallSite
  /** Called with the paths of the scores there will be, such as 'test.accuracy', before the training. */
  readonly learnScores: (paths: readonly string[]) => void
}

/** A network from its building on, trained bit by bit. */
export class Training<P, M extends MetricName, D extends DataSets> {
  readonly #candidate: Candidate<P, D>
  readonly #workshop: Workshop<P, M>
  #built: { trainer: Trainer<M>; callbacks: readonly GeneralCallback[] } | undefined
  #stages = 0
  #epochs = 0
  #seconds = 0

  constructor(candidate: Candidate<P, D>, workshop: Workshop<P, M>) {
    this.#candidate = candidate
    this.#workshop = workshop
  }

  /**
   * Trains up to the last of the stages, each in a fit of its own, and scores all data sets.
   *
   * @param stages - epochs from the beginning to the end of each stage, those that are done included;
   * undefined for what the Trainer says
   * @returns undefined if it was stopped
   * @throws what `build` and callbacks throw, and what `Trainer.fit` does but for divergence
   */
  async advance(stages: readonly (number | undefined)[]): Promise<Trial<P, M, D> | undefined> {
    const { scheduler } = this.#workshop
    const { index, point, seed } = this.#candidate
    const { trainer, callbacks } = (this.#built ??= await this.#build())
    const trial = (scores: DataScores<M, D> | undefined, error?: GemmnetError): Trial<P, M, D> => ({
      index,
      point,
      seed,
      epochs: this.#epochs,
      seconds: this.#seconds,
      scores,
      error,
      network: trainer.network,
    })
    while (this.#stages < stages.length) {
      if (scheduler.isStopping) return undefined
      const total = stages[this.#stages]
      const epochs = total === undefined ? undefined : total - (stages[this.#stages - 1] ?? 0)
      const began = performance.now()
      try {
        const history = await this.#fit(trainer, callbacks, epochs)
        this.#epochs += history.epochs.length
      } catch (error) {
        if (!(error instanceof GemmnetError && error.code === 'ERR_NON_FINITE_LOSS')) throw error
        this.#epochs = (error.epoch ?? 1) - 1
        this.#seconds += (performance.now() - began) / 1000
        return trial(undefined, error)
      }
      this.#seconds += (performance.now() - began) / 1000
      this.#stages++
    }
    const scores: [string, Scores<M>][] = []
    for (const [name, set] of entriesOf(this.#candidate.data)) {
      if (scheduler.isStopping) return undefined
      scores.push([name, await trainer.evaluate(set)])
    }
    return trial(Object.fromEntries(scores) as DataScores<M, D>) // one for each set
  }

  async #build() {
    const { build, networks, callSite, learnScores } = this.#workshop
    const { index, point, seed, data } = this.#candidate
    const built: unknown = await build(point, { seed, index, train: data.train })
    return callSite.guard(() => {
      const checked = checkBuilt<M>(built)
      const { network } = checked.trainer
      if (networks.has(network))
        throw new TypeError('Expected `build` to make a new network each time, got an earlier one')
      networks.add(network)
      const scores = ['loss', 'dataLoss', 'penalty', ...checked.trainer.metrics.filter(isNumber)]
      learnScores(Object.keys(data).flatMap((set) => scores.map((score) => `${set}.${score}`)))
      return checked
    })
  }

  #fit(
    trainer: Trainer<M>,
    callbacks: readonly GeneralCallback[],
    epochs: number | undefined,
  ): Promise<{ readonly epochs: readonly unknown[] }> {
    const { train } = this.#candidate.data
    const others = entriesOf(this.#candidate.data).filter(([name]) => name !== 'train')
    const isWatched = callbacks.length > 0 && others.length > 0
    const options = {
      epochs,
      callbacks,
      ...(isWatched && { validation: Object.fromEntries(others) }),
    }
    const { scheduler, callSite } = this.#workshop
    return callSite.guard(() => {
      // Before the training: what cannot be scored is better known now.
      for (const [name, set] of entriesOf(this.#candidate.data))
        trainer.checkData(`data.${name}`, set)
      return scheduler.fit(trainer, train, options)
    })
  }
}

const isNumber = (metric: MetricName) => metric !== 'confusionMatrix'

function checkBuilt<M extends MetricName>(
  value: unknown,
): {
  trainer: Trainer<M>
  callbacks: readonly GeneralCallback[]
} {
  const isObject = typeof value === 'object' && value !== null
  const trainer = isObject && 'trainer' in value ? value.trainer : value
  if (!(trainer instanceof Trainer))
    throw typeError('build', 'a function that returns a Trainer, or { trainer, callbacks }', value)
  const callbacks = isObject && 'callbacks' in value ? value.callbacks : undefined
  return {
    trainer: trainer as Trainer<M>, // `build` is typed so
    callbacks: (callbacks ?? []) as readonly GeneralCallback[], // `fit` checks them
  }
}

/** Data sets with their names, in the order they were given. */
export function entriesOf(data: DataSets): [name: string, set: Dataset][] {
  return Object.entries(data) as [string, Dataset][] // `checkData` has seen them
}

/** Checks the data sets of an experiment. */
export function checkData<D extends DataSets>(name: string, data: D): D {
  const given: unknown = data
  if (typeof given !== 'object' || given === null || !('train' in given))
    throw typeError(name, 'data sets by name, `train` among them', given)
  for (const [key, set] of Object.entries(given))
    if (!(set instanceof Dataset)) throw typeError(`${name}.${key}`, 'a Dataset', set)
  return data
}
