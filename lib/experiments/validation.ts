import type { Fold } from '../dataset.js'
import { Dataset } from '../dataset.js'
import { rangeError, typeError } from '../errors.js'
import type { MetricName, OptionsOf } from '../options/index.js'
import { checks, complete, crossValidationOptions, learningCurveOptions } from '../options/index.js'
import { drawSeeds, random } from '../random.js'
import type { Experiment } from './experiment.js'
import { checkGrid, gridPoints } from './searches.js'
import { CrossValidationResult, CurveResult } from './validation_result.js'
import type { Candidate, DataSets, Trial } from './trial.js'
import { checkData } from './trial.js'
import type { ExperimentOptions } from './trial_runner.js'
import { ownOptions, TrialRunner } from './trial_runner.js'

interface FoldOptions<D extends DataSets> {
  /** The rows that folds are made of, where `folds` is a number. */
  readonly data?: Dataset | undefined
  /**
   * How many folds to make of `data` (shuffled by `seed`; with class labels, each has its share of
   * every class), or the folds: such as `data.kFold(5, { groups })`, or `[{ train, dev }]` for one.
   * What is not `train` is only scored. Default 5.
   */
  readonly folds?: number | Iterable<D> | undefined
}
interface PointOptions<P> {
  /** What `build` is given. Default {}. */
  readonly point?: P | undefined
}

/** Options of {@link crossValidate}. @interface */
export type CrossValidationOptions<P, M extends MetricName, D extends DataSets> = OptionsOf<
  typeof crossValidationOptions
> &
  ExperimentOptions<P, M> &
  FoldOptions<D> &
  PointOptions<P>

/** Options of {@link learningCurve}. @interface */
export type LearningCurveOptions<P, M extends MetricName, D extends DataSets> = OptionsOf<
  typeof learningCurveOptions
> &
  CrossValidationOptions<P, M, D>

/** Options of {@link validationCurve}. @interface */
export type ValidationCurveOptions<
  V extends Readonly<Record<string, readonly unknown[]>>,
  M extends MetricName,
  D extends DataSets,
> = OptionsOf<typeof crossValidationOptions> &
  ExperimentOptions<{ readonly [Name in keyof V]: V[Name][number] }, M> &
  FoldOptions<D> & {
    /** One option's values, by its name: `{ l2: logspace(-6, 0, 7) }`. */
    readonly values: V
  }

/**
 * Trains a network on each fold's `train`, side by side, and scores it on the fold's other sets.
 * Each fold has a seed of its own.
 *
 * @returns an {@link Experiment}: await it for mean and standard deviation of each score, or iterate
 * over it for the trials as they finish
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * const { scores } = await crossValidate({
 *   data,
 *   folds: 5,
 *   build: (_, { seed }) => makeTrainer({ seed }),
 * })
 * console.log(scores.validation.accuracy) // { mean: 0.97, deviation: 0.01 }
 */
export function crossValidate<
  P extends object = object,
  D extends DataSets = Fold,
  M extends MetricName = never,
>(
  options: CrossValidationOptions<P, M, D>,
): Experiment<Trial<P, M, D>, CrossValidationResult<P, M, D>> {
  const settings = complete('crossValidate', crossValidationOptions, options, {
    others: [...ownOptions, 'data', 'folds', 'point'],
  })
  const runner = new TrialRunner<P, M, D>(settings, options)
  const folds = toFolds(options, settings.seed)
  const point = checkPoint(options.point)
  const candidates = toCandidates(settings.seed, folds, [{ point, setsOf: (fold: D) => fold }])
  return runner.start({ experiment: 'crossValidate', point }, folds, async () => {
    const trials = await runner.run(candidates, [settings.epochs], true)
    return new CrossValidationResult(trials, trials.length === candidates.length)
  })
}

/**
 * Scores against the number of training rows: whether more data would help. Each fold's network is
 * trained on some of its rows, drawn at random, those of a smaller size among those of a larger one.
 * A fold has the same seed at every size.
 *
 * @returns an {@link Experiment}: await it for a {@link CurveResult}, or iterate over it for the
 * trials as they finish, those of one size next to each other by `index`
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * import { writeFile } from 'node:fs/promises'
 *
 * const curve = await learningCurve({
 *   folds: [{ train, dev }],
 *   sizes: [50, 200, 1000],
 *   build: (_, { seed }) => makeTrainer({ seed }),
 * })
 * await writeFile('curve.svg', await curve.plot('accuracy'))
 */
export function learningCurve<
  P extends object = object,
  D extends DataSets = Fold,
  M extends MetricName = never,
>(options: LearningCurveOptions<P, M, D>): Experiment<Trial<P, M, D>, CurveResult<P, M, D>> {
  const { sizes, ...settings } = complete('learningCurve', learningCurveOptions, options, {
    others: [...ownOptions, 'data', 'folds', 'point'],
  })
  const runner = new TrialRunner<P, M, D>(settings, options)
  const { seed } = settings
  const folds = toFolds(options, seed)
  const point = checkPoint(options.point)
  const rows = toRows(sizes, Math.min(...folds.map(({ train }) => train.rows)))
  const candidates = toCandidates(
    seed,
    folds,
    rows.map((count) => ({
      point,
      setsOf: (fold: D) => ({ ...fold, train: drawRows(fold.train, count, seed) }),
    })),
  )
  return runner.start({ experiment: 'learningCurve', point, sizes: rows }, folds, async () => {
    const trials = await runner.run(candidates, [settings.epochs], true)
    return new CurveResult('training rows', rows, folds.length, trials)
  })
}

/**
 * Scores against the values of one option, on training and other sets: where a network begins to
 * overfit. A fold has the same seed at every value.
 *
 * @returns an {@link Experiment}: await it for a {@link CurveResult}, or iterate over it for the
 * trials as they finish, those of one value next to each other by `index`
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range
 *
 * @example
 * const curve = await validationCurve({
 *   values: { l2: logspace(-6, 0, 7) },
 *   data,
 *   build: ({ l2 }, { seed }) => makeTrainer({ l2, seed }),
 * })
 */
export function validationCurve<
  const V extends Readonly<Record<string, readonly unknown[]>>,
  D extends DataSets = Fold,
  M extends MetricName = never,
>(
  options: ValidationCurveOptions<V, M, D>,
): Experiment<
  Trial<{ readonly [Name in keyof V]: V[Name][number] }, M, D>,
  CurveResult<{ readonly [Name in keyof V]: V[Name][number] }, M, D>
> {
  type P = { readonly [Name in keyof V]: V[Name][number] }
  const settings = complete('validationCurve', crossValidationOptions, options, {
    others: [...ownOptions, 'data', 'folds', 'values'],
  })
  const runner = new TrialRunner<P, M, D>(settings, options)
  const folds = toFolds(options, settings.seed)
  const axes = checkGrid(options.values, 'values')
  const [axis] = axes
  if (axis === undefined || axes.length > 1)
    throw new RangeError('`values` has several options, a curve is over one')
  const points = gridPoints(axes) as P[] // a value for the one name that P has
  const candidates = toCandidates(
    settings.seed,
    folds,
    points.map((point) => ({ point, setsOf: (fold: D) => fold })),
  )
  const identity = { experiment: 'validationCurve', values: options.values }
  return runner.start(identity, folds, async () => {
    const trials = await runner.run(candidates, [settings.epochs], true)
    return new CurveResult(axis.name, axis.values, folds.length, trials)
  })
}

/** A trial for each place and fold; the folds of a place are next to each other. */
function toCandidates<P, D extends DataSets>(
  seed: number,
  folds: readonly D[],
  places: readonly { readonly point: P; readonly setsOf: (fold: D) => D }[],
): Candidate<P, D>[] {
  const seeds = drawSeeds(seed, folds.length)
  return places.flatMap(({ point, setsOf }, place) =>
    folds.map((fold, i) => ({
      index: place * folds.length + i,
      point,
      seed: seeds[i] ?? 0,
      data: setsOf(fold),
    })),
  )
}

function checkPoint<P extends object>(point: P | undefined): P {
  const given: unknown = point
  if (given !== undefined && (typeof given !== 'object' || given === null))
    throw typeError('point', 'an object', given)
  return point ?? ({} as P) // P is `object` where no point is given
}

function toFolds<D extends DataSets>({ data, folds = 5 }: FoldOptions<D>, seed: number): D[] {
  const given: unknown = folds
  if (typeof given === 'object' && given !== null && Symbol.iterator in given) {
    if (data !== undefined) throw new TypeError('Expected `data` or an array of `folds`, got both')
    const list = Array.from(folds as Iterable<D>, (fold, i) => checkData(`folds[${i}]`, fold))
    if (list.length === 0) throw typeError('folds', 'one fold or more', given)
    return list
  }
  if (typeof given !== 'number') throw typeError('folds', 'a number, or folds', given)
  if (checks.positiveInteger('folds', given) < 2) throw rangeError('folds', 'at least 2', given)
  if (!(data instanceof Dataset)) throw typeError('data', 'a Dataset', data)
  // D is Fold where `folds` is a number.
  return data.kFold(given, { seed, stratify: data.classes > 0 }) as readonly DataSets[] as D[]
}

/** Numbers of rows, ascending, of at most `most`. */
function toRows(sizes: readonly number[], most: number): number[] {
  if (sizes.length === 0) throw typeError('sizes', 'an array of at least one size', sizes)
  const areFractions = sizes.every((size) => size <= 1)
  const rows = sizes.map((size, i) => {
    const name = `sizes[${i}]`
    if (areFractions) return Math.max(1, Math.floor(size * most))
    if (checks.positiveInteger(name, size) > most)
      throw rangeError(name, `at most ${most}, the rows of the smallest \`train\``, size)
    return size
  })
  return [...new Set(rows)].sort((a, b) => a - b)
}

/** Rows at random, those of fewer among those of more. */
function drawRows(train: Dataset, count: number, seed: number): Dataset {
  const keys = random(seed, 'sizes', train.rows)
  const order = Int32Array.from(keys, (_, row) => row)
  return train.subset(order.sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0)).slice(0, count))
}
