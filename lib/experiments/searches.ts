import type { Dataset } from '../dataset.js'
import { rangeError, typeError } from '../errors.js'
import type { MetricName, OptionsOf, SettingsOf } from '../options/index.js'
import {
  complete,
  gridSearchOptions,
  halvingSearchOptions,
  randomSearchOptions,
} from '../options/index.js'
import { drawSeeds, random } from '../random.js'
import type { Distribution } from './distributions.js'
import { checkDistribution, toDrawn } from './distributions.js'
import type { Experiment } from './experiment.js'
import { Ranking } from './ranking.js'
import type { GridAxis, HalvingRound } from './search_result.js'
import { GridResult, HalvingResult, SearchResult } from './search_result.js'
import type { Candidate, DataSets, Trial } from './trial.js'
import { checkData } from './trial.js'
import type { ExperimentOptions } from './trial_runner.js'
import { ownOptions, TrialRunner } from './trial_runner.js'

/** Options by name, and the values that a search tries of each. */
export type Grid = Readonly<Record<string, readonly unknown[]>>
/** A value of each option of a grid. */
export type GridPoint<G extends Grid> = { readonly [Name in keyof G]: G[Name][number] }
/** Options by name, and what a search draws each from: a distribution, or an array to choose from. */
export type Space = Readonly<Record<string, Distribution<unknown> | readonly unknown[]>>
/** A value of each option of a space. */
export type SpacePoint<S extends Space> = {
  readonly [Name in keyof S]: S[Name] extends readonly (infer T)[]
    ? T
    : S[Name] extends Distribution<infer T>
      ? T
      : never
}

type SearchOptions<P, M extends MetricName, D extends DataSets> = ExperimentOptions<P, M> & {
  /** What is trained on, `train`, and what is scored beside it, by name. */
  readonly data: D & { readonly [Name in keyof D]: Dataset }
}

/** Options of {@link gridSearch}. @interface */
export type GridSearchOptions<G extends Grid, M extends MetricName, D extends DataSets> = OptionsOf<
  typeof gridSearchOptions
> &
  SearchOptions<GridPoint<G>, M, D> & {
    /** The values of each option; every combination is a trial, those of the last one next to each other. */
    readonly grid: G
  }

/** Options of {@link randomSearch}. @interface */
export type RandomSearchOptions<
  S extends Space,
  M extends MetricName,
  D extends DataSets,
> = OptionsOf<typeof randomSearchOptions> &
  SearchOptions<SpacePoint<S>, M, D> & {
    /** What each option is drawn from. */
    readonly space: S
  }

/** Options of {@link halvingSearch}: a `grid`, or a `space` and a number of `trials`. @interface */
export type HalvingSearchOptions<P, C, M extends MetricName, D extends DataSets> = OptionsOf<
  typeof halvingSearchOptions
> &
  SearchOptions<P, M, D> &
  C

/**
 * Trains a network for each combination of options, side by side over the processors, all on one
 * copy of the data. What a trial comes to depends on its point and seed only: neither on how many
 * run at once nor on the order in which they finish.
 *
 * A training that diverges is a result with an `error`. Whatever else `build`, a callback or a fit
 * throws ends the search.
 *
 * @returns an {@link Experiment}: await it for a {@link GridResult}, or iterate over it for the
 * trials as they finish (those of a `file` first)
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * import { writeFile } from 'node:fs/promises'
 *
 * const search = gridSearch({
 *   grid: { learningRate: logspace(-5, 1, 7), l2: logspace(-5, 1, 7) },
 *   data: { train, test },
 *   build: ({ learningRate, l2 }, { seed }) =>
 *     new Trainer(new Network({ inputs: 64, layers: [dense(10, 'softmax')], seed }), {
 *       loss: 'categoricalCrossentropy',
 *       optimizer: sgd({ learningRate }),
 *       l2,
 *       metrics: ['accuracy'],
 *       seed,
 *     }),
 *   epochs: 100,
 * })
 * for await (const { point, scores } of search) console.log(point, scores?.test.accuracy)
 * const result = await search
 * console.log(result.best?.point, String(result))
 * await writeFile('grid.svg', await result.heatmap('accuracy'))
 */
export function gridSearch<const G extends Grid, D extends DataSets, M extends MetricName = never>(
  options: GridSearchOptions<G, M, D>,
): Experiment<Trial<GridPoint<G>, M, D>, GridResult<GridPoint<G>, M, D>> {
  const settings = complete('gridSearch', gridSearchOptions, options, {
    others: [...ownSearchOptions, 'grid'],
  })
  const { data, ranking, runner } = prepare<GridPoint<G>, M, D>(settings, options)
  const axes = checkGrid(options.grid)
  const candidates = toCandidates<GridPoint<G>, D>(gridPoints(axes), data, settings.seed)
  return runner.start({ search: 'grid', grid: options.grid }, [data], async () => {
    const trials = await runner.run(candidates, [settings.epochs], true)
    return new GridResult(axes, trials, runner.best, trials.length === candidates.length, ranking)
  })
}

/**
 * The same as {@link gridSearch} for points that are drawn at random (J. Bergstra and Y. Bengio,
 * "Random search for hyper-parameter optimization", JMLR 13, 2012): better than a grid where few of
 * several options matter. A trial's point and seed depend on its place only, so that a search of more
 * trials begins with those of a smaller one, and goes on from its `file`.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * const { best } = await randomSearch({
 *   space: { learningRate: logUniform(1e-4, 1), units: integer(16, 256), activation: ['relu', 'tanh'] },
 *   trials: 40,
 *   data: { train, dev },
 *   build: (point, { seed }) => makeTrainer({ ...point, seed }),
 * })
 */
export function randomSearch<
  const S extends Space,
  D extends DataSets,
  M extends MetricName = never,
>(
  options: RandomSearchOptions<S, M, D>,
): Experiment<Trial<SpacePoint<S>, M, D>, SearchResult<SpacePoint<S>, M, D>> {
  const settings = complete('randomSearch', randomSearchOptions, options, {
    others: [...ownSearchOptions, 'space'],
  })
  const { data, ranking, runner } = prepare<SpacePoint<S>, M, D>(settings, options)
  const { seed, trials: count, epochs } = settings
  const space = checkSpace(options.space)
  const points = drawPoints(space, count, seed)
  const candidates = toCandidates<SpacePoint<S>, D>(points, data, seed)
  return runner.start({ search: 'random', space: Object.fromEntries(space) }, [data], async () => {
    const trials = await runner.run(candidates, [epochs], true)
    return new SearchResult(trials, runner.best, trials.length === count, ranking)
  })
}

/**
 * A search that gives most of its time to what looks good (successive halving: K. Jamieson and
 * A. Talwalkar, AISTATS 2016): all points are trained for a few epochs, the best one in `factor` of
 * them for `factor` times as many, and so on; the last round comes to `epochs`. Those that go on are
 * trained from where they stand.
 *
 * There are as many rounds as scikit-learn's HalvingGridSearchCV has; the epochs of each are
 * `epochs` divided by a power of `factor`, rounded down. Trials come once for each round they take
 * part in. The best is that of the last round, or, where no network of that came to a score, of those
 * before, as `trials` has it.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * // 27 networks train for 3 epochs, 9 for 9, 3 for 27, 1 for 81.
 * await halvingSearch({
 *   space: { learningRate: logUniform(1e-4, 1), units: integer(16, 256) },
 *   trials: 27,
 *   epochs: 81,
 *   data: { train, dev },
 *   build: (point, { seed }) => makeTrainer({ ...point, seed }),
 * })
 */
export function halvingSearch<
  const G extends Grid,
  D extends DataSets,
  M extends MetricName = never,
>(
  options: HalvingSearchOptions<GridPoint<G>, { readonly grid: G }, M, D>,
): Experiment<Trial<GridPoint<G>, M, D>, HalvingResult<GridPoint<G>, M, D>>
export function halvingSearch<
  const S extends Space,
  D extends DataSets,
  M extends MetricName = never,
>(
  options: HalvingSearchOptions<SpacePoint<S>, { readonly space: S }, M, D>,
): Experiment<Trial<SpacePoint<S>, M, D>, HalvingResult<SpacePoint<S>, M, D>>
export function halvingSearch<P, D extends DataSets, M extends MetricName = never>(
  options: HalvingSearchOptions<P, { readonly grid?: Grid; readonly space?: Space }, M, D>,
): Experiment<Trial<P, M, D>, HalvingResult<P, M, D>> {
  const settings = complete('halvingSearch', halvingSearchOptions, options, {
    others: [...ownSearchOptions, 'grid', 'space'],
  })
  const { data, ranking, runner } = prepare<P, M, D>(settings, options)
  const { seed, factor } = settings
  const { grid, space } = options
  const { points, ...given } = halvingPoints(grid, space, settings.trials, seed)
  const candidates = toCandidates<P, D>(points, data, seed)
  const stages = halvingEpochs(candidates.length, settings)

  const identity = { search: 'halving', ...given, factor, minEpochs: settings.minEpochs }
  return runner.start(identity, [data], async () => {
    const trials = new Map<number, Trial<P, M, D>>()
    const rounds: HalvingRound[] = []
    let left = candidates
    for (const [round, epochs] of stages.entries()) {
      const isLast = round === stages.length - 1
      const finished = await runner.run(left, stages.slice(0, round + 1), isLast)
      for (const trial of finished) trials.set(trial.index, trial)
      if (runner.isStopping && finished.length < left.length) break
      rounds.push({ epochs, trials: left.length })
      const best = finished
        .filter(({ scores }) => scores !== undefined)
        .sort((a, b) => ranking.compare(a, b))
        .slice(0, Math.ceil(left.length / factor))
        .map(({ index }) => index)
      left = left.filter(({ index }) => best.includes(index))
      runner.keep(left)
    }
    const all = [...trials.values()].sort((a, b) => a.index - b.index)
    // No network of the last round may have come to a score.
    const scored = all.filter(({ scores }) => scores !== undefined)
    const best = runner.best ?? scored.sort((a, b) => ranking.compare(a, b))[0]
    return new HalvingResult(rounds, all, best, rounds.length === stages.length, ranking)
  })
}

/** Epochs of each round: as many rounds as leave one network or more, each of `minEpochs` or more. */
function halvingEpochs(
  count: number,
  { epochs, minEpochs, factor }: { epochs: number; minEpochs: number; factor: number },
): number[] {
  if (minEpochs > epochs) throw rangeError('minEpochs', `at most \`epochs\`, ${epochs}`, minEpochs)
  const stages = [epochs]
  for (let share = factor; share <= count && epochs / share >= minEpochs; share *= factor)
    stages.unshift(Math.floor(epochs / share))
  return stages
}

function halvingPoints(
  grid: Grid | undefined,
  space: Space | undefined,
  trials: number | undefined,
  seed: number,
) {
  if (grid !== undefined && space === undefined && trials === undefined)
    return { grid, points: gridPoints(checkGrid(grid)) }
  if (grid !== undefined || space === undefined || trials === undefined)
    throw new TypeError('Expected either `grid`, or `space` and `trials`')
  const entries = checkSpace(space)
  return { space: Object.fromEntries(entries), trials, points: drawPoints(entries, trials, seed) }
}

const ownSearchOptions = [...ownOptions, 'data'] as const

/** What all searches begin with. */
function prepare<P, M extends MetricName, D extends DataSets>(
  settings: SettingsOf<typeof gridSearchOptions>,
  options: SearchOptions<P, M, D>,
) {
  const data = checkData<D>('data', options.data)
  const ranking = new Ranking(settings, data)
  return { data, ranking, runner: new TrialRunner<P, M, D>(settings, options, ranking) }
}

function toCandidates<P, D extends DataSets>(
  points: readonly object[],
  data: D,
  seed: number,
): Candidate<P, D>[] {
  const seeds = drawSeeds(seed, points.length)
  // A point has a value for each name of the grid or space that P is derived from.
  return points.map((point, index) => ({ index, point: point as P, seed: seeds[index] ?? 0, data }))
}

/** The axes of a grid, checked. */
export function checkGrid(grid: unknown, name = 'grid'): GridAxis[] {
  const entries = checkEntries(name, grid, 'an object of arrays, such as { l2: [0, 1e-4] }')
  return entries.map(([key, values]) => {
    if (!Array.isArray(values) || values.length === 0)
      throw typeError(`${name}.${key}`, 'an array of at least one value', values)
    return { name: key, values: [...(values as readonly unknown[])] }
  })
}

/** Every combination of the values, those of the last axis next to each other. */
export function gridPoints(axes: readonly GridAxis[]): object[] {
  return axes.reduce<object[]>(
    (points, { name, values }) =>
      points.flatMap((point) => values.map((value) => ({ ...point, [name]: value }))),
    [{}],
  )
}

function checkSpace(space: unknown): [name: string, Distribution<unknown>][] {
  const what = 'an object of distributions, such as { l2: logUniform(1e-6, 1) }'
  return checkEntries('space', space, what).map(([key, value]) => [
    key,
    checkDistribution(`space.${key}`, value),
  ])
}

function checkEntries(name: string, value: unknown, what: string): [string, unknown][] {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject || Object.keys(value).length === 0) throw typeError(name, what, value)
  return Object.entries(value)
}

/** Points of which the first ones are those of fewer. */
function drawPoints(
  space: readonly [name: string, Distribution<unknown>][],
  count: number,
  seed: number,
): object[] {
  const drawn = random(seed, 'candidates', count * space.length)
  return Array.from({ length: count }, (_, trial) =>
    Object.fromEntries(
      space.map(([name, distribution], i) => [
        name,
        toDrawn(distribution, drawn[trial * space.length + i] ?? 0),
      ]),
    ),
  )
}
