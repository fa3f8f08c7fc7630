import { rangeError } from '../errors.js'
import type { Direction } from '../monitor.js'
import { directionOf, numbers } from '../monitor.js'
import type { DataSets, Trial } from './trial.js'

/** Scores that are parts of the loss: never looked at unless they are named. */
const parts = /\.(dataLoss|penalty)$/

/** A trial, whatever its point and its scores. */
export type AnyTrial = Trial<unknown>

/** The scores of a trial by their paths, 'test.accuracy'; none if it diverged. */
export function scoresOf(trial: Pick<AnyTrial, 'scores'>): Map<string, number> {
  return new Map(numbers(trial.scores ?? {}))
}

/** The paths that are shown where no score is named: losses and metrics. */
export function mainPaths(trials: readonly Pick<AnyTrial, 'scores'>[]): string[] {
  const first = trials.find(({ scores }) => scores !== undefined)
  return first === undefined ? [] : [...scoresOf(first).keys()].filter((path) => !parts.test(path))
}

/** The data set that counts where none is named: the first beside `train`, if there is one. */
export function mainSet(data: object): string {
  return Object.keys(data).find((name) => name !== 'train') ?? 'train'
}

/**
 * The path of a score: as it is named, or that of the main set if only a metric is; the first metric
 * where none is named, or the loss.
 *
 * @param option - the option's name, for messages
 * @throws RangeError if there is no such score
 */
export function findPath(
  option: string,
  named: string | undefined,
  paths: readonly string[],
  set: string,
): string {
  const own = paths.filter((path) => path.startsWith(`${set}.`) && !parts.test(path))
  const loss = `${set}.loss`
  const path = named ?? own.find((candidate) => candidate !== loss) ?? loss
  const found = [path, `${set}.${path}`].find((candidate) => paths.includes(candidate))
  if (found === undefined) throw rangeError(option, `one of ${paths.join(', ')}`, path)
  return found
}

/** The data set and the score of a path. */
export function splitPath(path: string, sets: readonly string[]): [set: string, score: string] {
  const set = sets.find((name) => path.startsWith(`${name}.`)) ?? ''
  return [set, path.slice(set.length + 1)]
}

/** What trials are ranked by: known as soon as the scores are. */
export class Ranking {
  readonly #monitor: string | undefined
  readonly #direction: 'auto' | Direction
  readonly #sets: readonly string[]
  readonly #set: string
  #path: string | undefined

  constructor(
    { monitor, direction }: { monitor: string | undefined; direction: 'auto' | Direction },
    data: DataSets,
  ) {
    this.#monitor = monitor
    this.#direction = direction
    this.#sets = Object.keys(data)
    this.#set = mainSet(data)
  }

  /** The path of the score; undefined as long as there are no scores. */
  get path(): string | undefined {
    return this.#path
  }

  /** The data set that is meant where a score is named without one. */
  get set(): string {
    return this.#path === undefined ? this.#set : splitPath(this.#path, this.#sets)[0]
  }

  /** Takes note of which scores there are. @throws RangeError if the one to go by is not among them */
  learn(paths: readonly string[]): void {
    this.#path ??= findPath('monitor', this.#monitor, paths, this.#set)
  }

  valueOf(trial: Pick<AnyTrial, 'scores'>): number {
    return this.#path === undefined ? NaN : (scoresOf(trial).get(this.#path) ?? NaN)
  }

  /** The better trial first, the earlier of equal ones; those without a score last. For sorting. */
  compare(a: AnyTrial, b: AnyTrial): number {
    return this.compareValues(this.valueOf(a), this.valueOf(b)) || a.index - b.index
  }

  /** The better value of that score first, NaN last. */
  compareValues(a: number, b: number, path = this.#path ?? ''): number {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
    const direction = path === this.#path ? this.#direction : 'auto'
    const isMin = directionOf(path, direction) === 'min'
    return a === b ? 0 : a < b === isMin ? -1 : 1
  }
}
