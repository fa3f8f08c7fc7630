import { lines } from '../plot/index.js'
import { isWide, wordsOf } from '../plot/labels.js'
import type { ThemeName } from '../plot/index.js'
import type { MetricName } from '../options/index.js'
import type { Scores } from '../report.js'
import { findPath, mainPaths, mainSet, scoresOf, splitPath } from './ranking.js'
import { textTable } from './text_table.js'
import type { DataSets, Trial } from './trial.js'

/** How a score is spread over folds. */
export interface Spread {
  /** NaN if a fold diverged. */
  readonly mean: number
  /** The standard deviation of a sample: over the folds less one; NaN for a single fold. */
  readonly deviation: number
}

/** Spreads of each data set's scores; matrices are left out. */
export type Spreads<M extends MetricName, D extends DataSets> = {
  readonly [Name in keyof D]: Readonly<Record<Exclude<keyof Scores<M>, 'confusionMatrix'>, Spread>>
}

/** What a cross-validation came to. */
export class CrossValidationResult<
  P = object,
  M extends MetricName = never,
  D extends DataSets = DataSets,
> {
  /** By fold; those that were finished if it was stopped. */
  readonly trials: readonly Trial<P, M, D>[]
  /** Over the folds, by data set and score: `scores.validation.accuracy.mean`. */
  readonly scores: Spreads<M, D>
  /** False if it was stopped before the last fold. */
  readonly completed: boolean

  /** @internal */
  constructor(trials: readonly Trial<P, M, D>[], completed: boolean) {
    this.trials = trials
    this.scores = spreadsOf(trials)
    this.completed = completed
  }

  /** Mean and deviation of losses and metrics as lines of text. */
  toString(): string {
    return textTable(
      mainPaths(this.trials).map((path) => {
        const { mean, deviation } = spreadOf(this.trials, path)
        return { score: path, mean, ...(this.trials.length > 1 && { deviation }) }
      }),
    )
  }
}

/** The trials at one place of a curve. */
export interface CurvePoint<P, M extends MetricName, D extends DataSets> {
  /** The number of training rows, or the option's value. */
  readonly value: unknown
  /** Over the folds, by data set and score. */
  readonly scores: Spreads<M, D>
  /** By fold. */
  readonly trials: readonly Trial<P, M, D>[]
}

/** Scores against the number of training rows, or against the values of an option. */
export class CurveResult<P = object, M extends MetricName = never, D extends DataSets = DataSets> {
  /** 'training rows', or the option's name. */
  readonly name: string
  /** In the order of the values; those without a finished fold left out. */
  readonly points: readonly CurvePoint<P, M, D>[]
  /** False if it was stopped before the last trial. */
  readonly completed: boolean

  /** @internal */
  constructor(
    name: string,
    values: readonly unknown[],
    folds: number,
    trials: readonly Trial<P, M, D>[],
  ) {
    this.name = name
    this.completed = trials.length === values.length * folds
    this.points = values
      .map((value, place) => {
        const own = trials.filter(({ index }) => Math.floor(index / folds) === place)
        return { value, scores: spreadsOf(own), trials: own }
      })
      .filter((point) => point.trials.length > 0)
  }

  /** Means and deviations as lines of text. */
  toString(): string {
    const all = this.points.flatMap(({ trials }) => trials)
    return textTable(
      this.points.map(({ value, trials }) => ({
        [this.name]: value,
        ...Object.fromEntries(
          mainPaths(all).flatMap((path) => {
            const { mean, deviation } = spreadOf(trials, path)
            return trials.length > 1
              ? [
                  [path, mean],
                  [`+- ${path}`, deviation],
                ]
              : [[path, mean]]
          }),
        ),
      })),
    )
  }

  /**
   * A picture of the means of one score, a line for each data set, as SVG.
   *
   * @param metric - 'accuracy', 'loss'; default: the first metric, or the loss
   * @param theme - Default 'auto'
   * @throws RangeError if there is no such score, or the values are no numbers
   */
  async plot(metric?: string, theme?: ThemeName): Promise<string> {
    const all = this.points.flatMap(({ trials }) => trials)
    const first = all.find(({ scores }) => scores !== undefined)
    if (first?.scores === undefined) throw new RangeError('No trial has scores to draw')
    const set = mainSet(first.scores)
    const path = findPath('metric', metric, [...scoresOf(first).keys()], set)
    const sets = Object.keys(first.scores)
    const [, score] = splitPath(path, sets)
    const x = this.points.map(({ value }) => Number(value))
    if (x.some(Number.isNaN)) throw new RangeError(`The values of \`${this.name}\` are no numbers`)
    return lines(
      {
        title: `${wordsOf(score)} by ${wordsOf(this.name)}`,
        x: { title: wordsOf(this.name), scale: isWide(x) ? 'log' : 'linear' },
        y: { title: wordsOf(score) },
        series: sets.map((name) => ({
          name,
          x,
          y: this.points.map(({ trials }) => spreadOf(trials, `${name}.${score}`).mean),
        })),
        marks: true,
      },
      theme,
    )
  }
}

function spreadOf(trials: readonly Trial<unknown>[], path: string): Spread {
  const values = trials.map((trial) => scoresOf(trial).get(path) ?? NaN)
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) }
}

function spreadsOf<M extends MetricName, D extends DataSets>(
  trials: readonly Trial<unknown, M, D>[],
): Spreads<M, D> {
  const first = trials.find(({ scores }) => scores !== undefined)
  const spreads = Object.entries(first?.scores ?? {}).map(([set, scores]: [string, object]) => {
    const names = Object.keys(scores).filter((name) => name !== 'confusionMatrix')
    return [
      set,
      Object.fromEntries(names.map((name) => [name, spreadOf(trials, `${set}.${name}`)])),
    ]
  })
  return Object.fromEntries(spreads) as Spreads<M, D> // one spread per score
}
