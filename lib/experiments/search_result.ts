import { rangeError } from '../errors.js'
import { directionOf } from '../monitor.js'
import type { MetricName } from '../options/index.js'
import type { ThemeName } from '../plot/index.js'
import { heatmap } from '../plot/heatmap.js'
import { isWide, wordsOf } from '../plot/labels.js'
import { showValue, textTable } from './text_table.js'
import type { Ranking } from './ranking.js'
import { findPath, mainPaths, scoresOf } from './ranking.js'
import type { DataSets, Trial } from './trial.js'

/** A trial in one row: the point's values, losses and metrics by path, and how it went. */
export type TrialRow = Readonly<Record<string, unknown>>

/** Rows that `toString` shows. */
const mostShown = 50

/** What a search found. */
export class SearchResult<P = object, M extends MetricName = never, D extends DataSets = DataSets> {
  /** By their place; those that were finished if it was stopped. */
  readonly trials: readonly Trial<P, M, D>[]
  /** The best by the score that the search goes by, with its network; undefined if none has one. */
  readonly best: Trial<P, M, D> | undefined
  /** False if it was stopped before the last trial. */
  readonly completed: boolean
  /** @internal */
  protected readonly ranking: Ranking

  /** @internal */
  constructor(
    trials: readonly Trial<P, M, D>[],
    best: Trial<P, M, D> | undefined,
    completed: boolean,
    ranking: Ranking,
  ) {
    this.trials = trials
    this.best = best
    this.completed = completed
    this.ranking = ranking
  }

  /** The score that trials are compared by, as 'test.accuracy'; undefined if no trial has scores. */
  get monitor(): string | undefined {
    return this.ranking.path
  }

  /** A row per trial, for `console.table` and the like. */
  get table(): TrialRow[] {
    return this.trials.map((trial) => this.#toRow(trial))
  }

  /** The best trials as lines of text, the best one first. */
  toString(): string {
    const sorted = [...this.trials].sort((a, b) => this.ranking.compare(a, b))
    const left = sorted.length - mostShown
    const shown = textTable(sorted.slice(0, mostShown).map((trial) => this.#toRow(trial)))
    return left > 0 ? `${shown}\n... and ${left} more` : shown
  }

  #toRow(trial: Trial<P, M, D>): TrialRow {
    const scores = scoresOf(trial)
    return {
      ...trial.point,
      ...Object.fromEntries(mainPaths(this.trials).map((path) => [path, scores.get(path)])),
      epochs: trial.epochs,
      seconds: trial.seconds,
      ...(this.trials.some(({ error }) => error !== undefined) && { error: trial.error?.code }),
      ...trial.point, // again: an option may be called `epochs`
    }
  }
}

/** One of the options that a grid is over, and its values. */
export interface GridAxis {
  readonly name: string
  readonly values: readonly unknown[]
}

/** How {@link GridResult.heatmap} draws. */
export interface HeatmapOptions {
  /** Option along the horizontal axis. Default: the first of the grid. */
  readonly x?: string | undefined
  /** Option along the vertical axis. Default: the second of the grid. */
  readonly y?: string | undefined
  /** Default: the score's name. */
  readonly title?: string | undefined
  /** Default 'auto'. */
  readonly theme?: ThemeName | undefined
}

/** What a search over a grid found. */
export class GridResult<
  P = object,
  M extends MetricName = never,
  D extends DataSets = DataSets,
> extends SearchResult<P, M, D> {
  readonly #axes: readonly GridAxis[]

  /** @internal */
  constructor(
    axes: readonly GridAxis[],
    ...[trials, best, completed, ranking]: ConstructorParameters<typeof SearchResult<P, M, D>>
  ) {
    super(trials, best, completed, ranking)
    this.#axes = axes
  }

  /**
   * A picture of a score over two options of the grid, as SVG. Where the grid has more, a cell shows
   * the best over the others. Cells that diverged are crossed; losses of several orders of magnitude
   * have a logarithmic scale.
   *
   * @param metric - 'test.accuracy', or 'accuracy' for that of the set the search goes by. Default:
   * the score that it goes by
   * @throws RangeError if there is no such score or option, or the grid has only one
   */
  async heatmap(
    metric = this.monitor,
    { x, y, title, theme }: HeatmapOptions = {},
  ): Promise<string> {
    const first = this.trials.find(({ scores }) => scores !== undefined)
    const paths = first === undefined ? [] : [...scoresOf(first).keys()]
    if (paths.length === 0) throw new RangeError('No trial has scores to draw')
    const path = findPath('metric', metric, paths, this.ranking.set)
    const names = this.#axes.map(({ name }) => name)
    if (names.length < 2)
      throw new RangeError('A heatmap needs a grid over two options, this one is over one')
    const across = this.#axis('x', x ?? names.find((name) => name !== y))
    const up = this.#axis('y', y ?? names.find((name) => name !== across.name))
    if (up.name === across.name) throw rangeError('y', 'another option than `x`', up.name)

    const values = up.values.map((upper) =>
      across.values.map((lower) =>
        this.trials
          .filter(({ point }) => at(point, up.name) === upper && at(point, across.name) === lower)
          .map((trial) => scoresOf(trial).get(path) ?? NaN)
          .reduce((a, b) => (this.ranking.compareValues(a, b, path) <= 0 ? a : b), NaN),
      ),
    )
    return heatmap(
      {
        title: title ?? wordsOf(path),
        x: { title: wordsOf(across.name), values: across.values.map(showValue) },
        y: { title: wordsOf(up.name), values: up.values.map(showValue) },
        values,
        scale: directionOf(path, 'auto') === 'min' && isWide(values.flat()) ? 'log' : 'linear',
      },
      theme,
    )
  }

  #axis(option: string, name: string | undefined): GridAxis {
    const axis = this.#axes.find((candidate) => candidate.name === name)
    if (axis === undefined)
      throw rangeError(option, `one of ${this.#axes.map((one) => one.name).join(', ')}`, name)
    return axis
  }
}

/** One round of a halving search. */
export interface HalvingRound {
  /** Epochs that its networks come to. */
  readonly epochs: number
  /** How many networks. */
  readonly trials: number
}

/** What a halving search found. Its trials are as they were in the last round they took part in. */
export class HalvingResult<
  P = object,
  M extends MetricName = never,
  D extends DataSets = DataSets,
> extends SearchResult<P, M, D> {
  /** The rounds, those that were not finished left out. */
  readonly rounds: readonly HalvingRound[]

  /** @internal */
  constructor(
    rounds: readonly HalvingRound[],
    ...[trials, best, completed, ranking]: ConstructorParameters<typeof SearchResult<P, M, D>>
  ) {
    super(trials, best, completed, ranking)
    this.rounds = rounds
  }
}

function at(point: unknown, name: string): unknown {
  return typeof point === 'object' && point !== null ? Reflect.get(point, name) : undefined
}
