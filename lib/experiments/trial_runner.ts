import { typeError } from '../errors.js'
import type { FilePath } from '../formats/file.js'
import { toPath } from '../formats/file.js'
import { CallSite } from '../job.js'
import type { MetricName, OptionsOf, SettingsOf } from '../options/index.js'
import type { experimentOptions } from '../options/index.js'
import { description } from '../tables.js'
import type { Emit } from './experiment.js'
import { Experiment } from './experiment.js'
import type { Identity } from './journal.js'
import { checkPlain, fingerprint, Journal } from './journal.js'
import type { Ranking } from './ranking.js'
import { scoresOf } from './ranking.js'
import { Scheduler } from './scheduler.js'
import type { Build, Candidate, DataSets, Trial, Workshop } from './trial.js'
import { Training } from './trial.js'

/** Options of every experiment. @interface */
export type ExperimentOptions<P, M extends MetricName> = OptionsOf<typeof experimentOptions> & {
  /** Makes a network and its Trainer for a point; called as soon as there is a place for it. */
  readonly build: Build<P, M>
  /** Ends all fits within one batch; the experiment then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /**
   * Each finished trial is written to this file, and those that it has already are not made again:
   * an experiment whose process has ended goes on. The file must be of the same points, seed,
   * epochs and data; what `build` does is not compared.
   */
  readonly file?: FilePath | undefined
}
/** Those of them that are in no table. */
export const ownOptions = ['build', 'signal', 'file'] as const

type Settings = SettingsOf<typeof experimentOptions>
type Given = Readonly<Partial<Record<(typeof ownOptions)[number], unknown>>>

/**
 * What experiments have in common: trials are built, trained side by side, compared, written down
 * and handed out as they finish.
 */
export class TrialRunner<P, M extends MetricName, D extends DataSets> {
  readonly #workshop: Workshop<P, M>
  readonly #settings: Settings
  readonly #signal: AbortSignal | undefined
  readonly #file: string | undefined
  readonly #ranking: Ranking | undefined
  readonly #trainings = new Map<number, Training<P, M, D>>()
  #journal: Journal | undefined
  #emit: Emit<Trial<P, M, D>> = () => undefined
  #best: Trial<P, M, D> | undefined

  /**
   * @param settings - checked already
   * @param given - the options that are in no table
   * @param ranking - what the best trial is best in, where there is one
   * @throws TypeError for a wrong option
   */
  constructor(settings: Settings, given: Given, ranking?: Ranking) {
    const { build, signal, file } = given
    if (typeof build !== 'function')
      throw typeError('build', 'a function that returns a Trainer', build)
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw typeError('signal', 'an AbortSignal', signal)
    this.#settings = settings
    this.#signal = signal
    this.#file = file === undefined ? undefined : toPath('file', file)
    this.#ranking = ranking
    this.#workshop = {
      build: build as Build<P, M>, // what it returns is checked
      scheduler: new Scheduler(settings.concurrency ?? description.processors),
      networks: new WeakSet(),
      callSite: new CallSite(),
      learnScores: (paths) => ranking?.learn(paths),
    }
  }

  /** Whether it was told to come to its end. */
  get isStopping(): boolean {
    return this.#workshop.scheduler.isStopping
  }

  /**
   * The best trial of those of the last `run`, with its network; undefined where none has a score.
   */
  get best(): Trial<P, M, D> | undefined {
    return this.#best
  }

  /**
   * Begins the experiment.
   *
   * @param identity - what tells it from others, beside seed, epochs and data
   * @param data - all data sets, for the same purpose
   * @throws TypeError if a file cannot hold the identity
   */
  start<Result extends { readonly completed: boolean }>(
    identity: Identity,
    data: readonly DataSets[],
    work: () => Promise<Result>,
  ): Experiment<Trial<P, M, D>, Result> {
    if (this.#file !== undefined)
      for (const [name, value] of Object.entries(identity)) checkPlain(name, value)
    const { scheduler } = this.#workshop
    return new Experiment<Trial<P, M, D>, Result>(scheduler, this.#signal, async (emit) => {
      this.#emit = emit
      if (this.#file !== undefined) {
        const { seed, epochs } = this.#settings
        const prints: Record<string, string>[] = []
        for (const sets of data) prints.push(await fingerprint(sets))
        this.#journal = await Journal.open(this.#file, { ...identity, seed, epochs, data: prints })
      }
      try {
        return await work()
      } finally {
        await this.#journal?.close()
      }
    })
  }

  /**
   * Makes the trials of these candidates, or reads them from the file.
   *
   * @param stages - see {@link Training.advance}; the trainings of all but the last are gone on with,
   * if this runner has begun them
   * @param isLast - whether the trainings are over then
   * @returns those that are finished, by index; not all if it was stopped
   */
  async run(
    candidates: readonly Candidate<P, D>[],
    stages: readonly (number | undefined)[],
    isLast: boolean,
  ): Promise<Trial<P, M, D>[]> {
    const finished: Trial<P, M, D>[] = []
    const stage = stages.length - 1
    this.#best = undefined
    const finish = (trial: Trial<P, M, D>) => {
      const kept = this.#settings.keepNetworks ? trial : { ...trial, network: undefined }
      this.#compare(trial)
      finished.push(kept)
      this.#emit(kept)
    }
    const left = candidates.filter((candidate) => {
      const trial = this.#journal?.find<P, M, D>(candidate, stage)
      if (trial !== undefined) finish(trial)
      return trial === undefined
    })
    await this.#workshop.scheduler.run(left, async (candidate) => {
      const { index } = candidate
      const training = this.#trainings.get(index) ?? new Training(candidate, this.#workshop)
      if (!isLast) this.#trainings.set(index, training)
      const trial = await training.advance(stages)
      if (trial === undefined) return
      await this.#journal?.append(trial, stage)
      finish(trial)
    })
    return finished.sort((a, b) => a.index - b.index)
  }

  /** Forgets the trainings of all but these, for their memory. */
  keep(candidates: readonly Candidate<P, D>[]): void {
    const kept = new Set(candidates.map(({ index }) => index))
    for (const index of this.#trainings.keys()) if (!kept.has(index)) this.#trainings.delete(index)
  }

  #compare(trial: Trial<P, M, D>): void {
    const ranking = this.#ranking
    if (ranking === undefined || trial.scores === undefined) return
    this.#workshop.callSite.guard(() => {
      ranking.learn([...scoresOf(trial).keys()]) // where it was read from the file
    })
    if (Number.isNaN(ranking.valueOf(trial))) return
    if (this.#best === undefined || ranking.compare(trial, this.#best) < 0) this.#best = trial
  }
}
