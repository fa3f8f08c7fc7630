import { Table } from '../data/table.js'
import { Dataset } from '../dataset.js'
import { listed, typeError } from '../errors.js'
import type { DType } from '../matrix.js'
import { Model } from '../model.js'
import { Network } from '../network.js'
import type { ErrorMetric, OptionsOf } from '../options/index.js'
import { checks, complete, diagnosisOptions, measuredErrorOptions } from '../options/index.js'
import { diagnosisChart } from '../plot/diagnosis.js'
import type { ThemeName } from '../plot/themes.js'
import { Trainer } from '../trainer.js'
import type { Estimate } from './estimates.js'
import { combine, exactly, meanEstimate, normalQuantile, rateEstimate } from './estimates.js'
import type { GapName } from './gaps.js'
import { gaps as gapKinds } from './gaps.js'
import type { Predictor } from './set_errors.js'
import { checkSet, setError } from './set_errors.js'
import { alignColumns } from './text_table.js'

/** The sets of a diagnosis, in the order in which errors grow. */
export const diagnosedSets = ['train', 'trainDev', 'dev', 'test'] as const
/** A set of a diagnosis. */
export type DiagnosedSet = (typeof diagnosedSets)[number]

/** The gap that begins at the optimal error, and at each set. */
const gapFrom = {
  optimal: 'avoidableBias',
  train: 'variance',
  trainDev: 'dataMismatch',
  dev: 'devOverfitting',
} as const

const gapBegins = Object.keys(gapFrom) as (keyof typeof gapFrom)[] // its own

const ownOptions = ['network', 'trainer', 'model', 'optimalError', ...diagnosedSets] as const

/** An error that was measured elsewhere: a rate of so many rows, or any error with its standard error. */
export type MeasuredError =
  | { readonly error: number; readonly rows: number }
  | { readonly error: number; readonly standardError: number }

/**
 * A set of a diagnosis: rows as the network takes them; rows as a Model takes them, with the columns
 * of their target; or the error on rows that are not at hand.
 */
export type DiagnosedRows = Dataset | Table | MeasuredError

/** Options of {@link diagnose}. @interface */
export type DiagnosisOptions = OptionsOf<typeof diagnosisOptions> & {
  /** The network whose errors are taken. Needed if a set is a Dataset or a Table. */
  readonly network?: Network | Network<'float64'> | Network<DType> | undefined
  /** A Trainer, in place of its network. */
  readonly trainer?: Pick<Trainer, 'network'> | undefined
  /**
   * A Model, in place of its network. Needed if a set is a Table, which it prepares; errors are then
   * in the target's own units.
   */
  readonly model?: Model | Model<'float32'> | Model<'float64'> | undefined
  /** What the network was trained on. */
  readonly train: DiagnosedRows
  /** Rows like those of `train`, which it was not trained on. */
  readonly trainDev?: DiagnosedRows | undefined
  /** Rows of the kind that the network is for, by which settings are chosen. */
  readonly dev?: DiagnosedRows | undefined
  /** Rows like those of `dev`, by which nothing has been chosen. */
  readonly test?: DiagnosedRows | undefined
  /** The least error there can be, such as what experts reach. Default 0: all training error is bias. */
  readonly optimalError?: number | MeasuredError | undefined
}

/** How much larger the error of one set is than that of the one before it. */
export interface Gap extends Estimate {
  readonly name: GapName
  readonly from: (typeof gapBegins)[number]
  readonly to: DiagnosedSet
  /** Of all gaps above 0, in [0, 1]; 0 for one that is not. */
  readonly share: number
}

type Errors = { readonly optimal: Estimate } & Partial<Record<DiagnosedSet, Estimate>>

/** What {@link diagnose} found: numbers as plain properties, a text, and a picture. */
export class Diagnosis {
  /** What the errors are. */
  readonly metric: ErrorMetric
  /** How sure the intervals are. */
  readonly confidence: number
  /** The error of each set, and the optimal one. */
  readonly errors: Readonly<Errors>
  /** The gaps between each set and the next one that was given. */
  readonly gaps: readonly Gap[]
  /** The name of the largest gap; undefined if none is above 0. */
  readonly dominant: GapName | undefined
  /** Whether the interval of the dominant gap lies above 0. */
  readonly isAboveZero: boolean
  /** The gaps that the data cannot tell from the dominant one: the interval of the difference holds 0. */
  readonly rivals: readonly GapName[]
  /** What people try when the dominant gap is what ails a network. */
  readonly advice: readonly string[]

  /** @internal */
  constructor(metric: ErrorMetric, confidence: number, errors: Errors) {
    this.metric = metric
    this.confidence = confidence
    this.errors = Object.freeze(errors)
    this.gaps = Object.freeze(toGaps(errors))
    const largest = this.gaps.reduce((a, b) => (b.value > a.value ? b : a))
    const dominant = largest.value > 0 ? largest : undefined
    this.dominant = dominant?.name
    this.isAboveZero = dominant !== undefined && dominant.low > 0
    this.rivals = Object.freeze(dominant === undefined ? [] : rivalsOf(dominant, this.gaps, errors))
    this.advice = dominant === undefined ? [] : gapKinds[dominant.name].advice
    Object.freeze(this)
  }

  /** Training error above the optimal one. */
  get avoidableBias(): Gap | undefined {
    return this.#gap('avoidableBias')
  }

  /** What the error is larger on rows that were not trained on. */
  get variance(): Gap | undefined {
    return this.#gap('variance')
  }

  /** What it is larger on rows of another kind; undefined without trainDev, or without dev and test. */
  get dataMismatch(): Gap | undefined {
    return this.#gap('dataMismatch')
  }

  /** What it is larger on rows that no setting was chosen by; undefined without dev or test. */
  get devOverfitting(): Gap | undefined {
    return this.#gap('devOverfitting')
  }

  /** Whether the dominant gap is above 0 and larger than the others, beyond what chance explains. */
  get isCertain(): boolean {
    return this.isAboveZero && this.rivals.length === 0
  }

  /** The finding, in a sentence. */
  get conclusion(): string {
    const dominant = this.dominant && this.#gap(this.dominant)
    if (!dominant) return 'No error is above the one before it.'
    const { title } = gapKinds[dominant.name]
    if (this.isCertain) return `${title} dominates: ${percent(dominant.share)} of the gaps.`
    const others = this.rivals.map((name) => gapKinds[name].title.toLowerCase())
    if (!this.isAboveZero) others.unshift('0')
    return `${title} is the largest gap, but these rows cannot tell it from ${listed(others)}.`
  }

  /** What the numbers leave open. */
  get notes(): readonly string[] {
    const isMixed = this.errors.trainDev === undefined && this.gaps.length > 1
    return isMixed ? ['Without a trainDev set, what is data mismatch counts as variance.'] : []
  }

  /** Tables of the errors and the gaps, what dominates, and what people then try. */
  toString(): string {
    const { number, unit } = this.#format()
    const confidence = `${percent(this.confidence, 4)} interval`
    const interval = ({ low, high }: Estimate) =>
      low === high ? 'assumed' : `${number(low)} to ${number(high)}`
    const errors = Object.entries(this.errors).map(([name, error]) => [
      name,
      number(error.value),
      interval(error),
    ])
    const gaps = this.gaps.map((gap) => [
      gapKinds[gap.name].title,
      `${gap.from} to ${gap.to}`,
      number(gap.value),
      interval(gap),
      percent(gap.share),
    ])
    const advice = this.advice.map((one) => `- ${one}`)
    const table = (rows: string[][], texts: number) =>
      alignColumns(rows, (column) => column < texts)
    return [
      table([['Set', titles[this.metric] + unit, confidence], ...errors], 1),
      table([['Gap', 'Between', `Size${unit}`, confidence, 'Share'], ...gaps], 2),
      [this.conclusion, ...this.notes].join('\n'),
      ...(advice.length === 0 ? [] : [['What people then try:', ...advice].join('\n')]),
    ].join('\n\n')
  }

  /**
   * The errors as steps from the optimal one to the last set's, with the gaps' intervals, as SVG.
   *
   * @param theme - Default 'auto'
   */
  async plot(theme?: ThemeName): Promise<string> {
    const { factor, number, unit } = this.#format()
    const steps = this.gaps.map(({ name, from, to, value, low, high }) => {
      const begin = this.errors[from]?.value ?? NaN
      return {
        title: gapKinds[name].title,
        subtitle: `${from} to ${to}`,
        begin: factor * begin,
        end: factor * (begin + value),
        low: factor * (begin + low),
        high: factor * (begin + high),
        label: number(value) + unit.replace(',', ''),
        isDominant: name === this.dominant,
      }
    })
    const subtitle = `Gaps between the errors of sets, with ${percent(this.confidence, 4)} intervals`
    return diagnosisChart(
      { title: this.conclusion, subtitle, axis: titles[this.metric] + unit, steps },
      theme,
    )
  }

  #gap(name: GapName): Gap | undefined {
    return this.gaps.find((gap) => gap.name === name)
  }

  /** Rates in percent; as many decimals as the narrowest interval is worth. */
  #format() {
    const isRate = this.metric === 'errorRate'
    const factor = isRate ? 100 : 1
    const halves = Object.values(this.errors).map(({ low, high }) => (factor * (high - low)) / 2)
    const narrowest = Math.min(...halves.filter((half) => half > 0))
    const wanted = Number.isFinite(narrowest) ? -Math.floor(Math.log10(narrowest)) : 3
    const decimals = Math.min(20, Math.max(isRate ? 1 : 0, wanted))
    const number = (value: number) =>
      (factor * value).toFixed(decimals).replace(/^-(0\.?0*)$/, '$1') // no -0.0
    return { factor, number, unit: isRate ? ', %' : '' }
  }
}

/**
 * Takes a network's error apart, from the training set to the test set: Andrew Ng's decomposition
 * (Machine Learning Yearning, 2018, chapters 20 to 27, 40 to 43).
 *
 * - avoidable bias: `train` above the optimal error
 * - variance: `trainDev`, like the training set but not trained on, above `train`
 * - data mismatch: `dev`, of the kind that the network is for, above `trainDev`
 * - overfitting to dev: `test`, by which nothing was chosen, above `dev`
 *
 * Sets other than `train` may be missing; a gap then goes to the next one that is there, so without
 * `trainDev` variance has the mismatch in it. Sets must have no row in common.
 *
 * Intervals say how the numbers would vary with other rows, for this network: not how they would
 * with other trainings. Rates have Wilson's score interval, differences of rates Newcombe's hybrid
 * of them, other errors the normal approximation; `lib/experiments/estimates.ts` has the formulas.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range,
 * or a set that does not fit the network
 *
 * @example
 * const diagnosis = await diagnose({ network, train, trainDev, dev, test, optimalError: 0.01 })
 * diagnosis.dominant // 'variance'
 * console.log(String(diagnosis))
 * // or a Model, with tables as they were read
 * await diagnose({ model, train: trainTable, dev: testTable })
 * // or with errors that were measured before
 * await diagnose({ train: { error: 0.02, rows: 5000 }, dev: { error: 0.1, rows: 1000 } })
 */
export async function diagnose(options: DiagnosisOptions): Promise<Diagnosis> {
  const { metric, confidence, sets, optimal } = checkOptions(options)
  const z = normalQuantile(confidence)
  const errors: Errors = { optimal: toEstimate(optimal, z) }
  for (const [name, set] of sets)
    errors[name] =
      'data' in set ? await setError(name, set.data, set.predictor, metric, z) : toEstimate(set, z)
  return new Diagnosis(metric, confidence, errors)
}

function toEstimate(measured: number | MeasuredError, z: number): Estimate {
  if (typeof measured === 'number') return exactly(measured)
  return 'standardError' in measured
    ? meanEstimate(measured.error, measured.standardError, z)
    : rateEstimate(measured.error, measured.rows, z)
}

function checkOptions(options: DiagnosisOptions) {
  const settings = complete('diagnose', diagnosisOptions, options, { others: ownOptions })
  const predictor = predictorOf(options)
  const given = diagnosedSets
    .filter((name) => options[name] !== undefined || name === 'train')
    .map((name) => [name, toDataset(name, options[name], predictor)] as const)
  const { confidence, metric = defaultMetric(given.map(([, set]) => set)) } = settings
  const sets = given.map(([name, set]): [DiagnosedSet, CheckedSet] => {
    if (!(set instanceof Dataset)) return [name, checkMeasured(name, set, metric)]
    if (predictor === undefined)
      throw new TypeError(`\`${name}\` is a Dataset, so diagnose needs a \`network\``)
    checkSet(name, set, predictor.network, metric)
    return [name, { data: set, predictor }]
  })
  const { optimalError = 0 } = options
  const optimal =
    typeof optimalError === 'number'
      ? errorCheck(metric)('optimalError', optimalError)
      : checkMeasured('optimalError', optimalError, metric)
  return { metric, confidence, sets, optimal }
}

type CheckedSet = MeasuredError | { readonly data: Dataset; readonly predictor: Predictor }

/** A Table as its Model prepares it; whatever else was given, as it is. */
function toDataset(name: string, set: unknown, predictor: Predictor | undefined): unknown {
  if (!(set instanceof Table)) return set
  if (predictor?.pipeline === undefined)
    throw new TypeError(`\`${name}\` is a Table, so diagnose needs a \`model\``)
  return predictor.pipeline.transform(set)
}

function defaultMetric(sets: readonly unknown[]): ErrorMetric {
  const data = sets.find((set) => set instanceof Dataset)
  return data === undefined || data.classes > 0 ? 'errorRate' : 'meanSquaredError'
}

function predictorOf({ network, trainer, model }: DiagnosisOptions): Predictor | undefined {
  const given = Object.entries({ network, trainer, model }).filter(([, one]) => one !== undefined)
  if (given.length > 1)
    throw new TypeError(
      `Expected \`network\`, \`trainer\` or \`model\`, got ${given.map(([name]) => `\`${name}\``).join(' and ')}`,
    )
  if (model !== undefined && !(model instanceof Model)) throw typeError('model', 'a Model', model)
  if (trainer !== undefined && !(trainer instanceof Trainer))
    throw typeError('trainer', 'a Trainer', trainer)
  if (network !== undefined && !(network instanceof Network))
    throw typeError('network', 'a Network', network)
  return model ?? trainer ?? (network && { network })
}

function checkMeasured(name: string, value: unknown, metric: ErrorMetric): MeasuredError {
  if (typeof value !== 'object' || value === null || !('error' in value))
    throw typeError(name, 'a Dataset, a Table, { error, rows } or { error, standardError }', value)
  const path = `${name}.`
  const measured = complete('diagnose', measuredErrorOptions, value, { path })
  const error = errorCheck(metric)(`${path}error`, measured.error)
  const { rows, standardError } = measured
  if (rows !== undefined && standardError !== undefined)
    throw new TypeError(`Expected \`${path}rows\` or \`${path}standardError\`, got both`)
  if (standardError !== undefined) return { error, standardError }
  if (metric !== 'errorRate')
    throw new RangeError(`\`${name}\` needs a \`standardError\`: it is no rate of its rows`)
  if (rows === undefined) throw typeError(`${path}rows`, 'a positive integer', rows)
  return { error, rows }
}

function errorCheck(metric: ErrorMetric) {
  return metric === 'errorRate' ? checks.fractionInclusive : checks.nonNegative
}

/** The gaps from each error to the next one that is there. */
function toGaps(errors: Errors): Gap[] {
  const froms = gapBegins.filter((name) => errors[name] !== undefined)
  const steps = diagnosedSets
    .filter((name) => errors[name] !== undefined)
    .map((to, i) => {
      const from = froms[i] ?? 'optimal'
      return { name: gapFrom[from], from, to }
    })
    .map((step) => ({ ...step, ...sumOf(errors, (name) => factorIn(step, name)) }))
  const sum = steps.reduce((total, { value }) => total + Math.max(0, value), 0)
  return steps.map((step) => ({ ...step, share: step.value > 0 ? step.value / sum : 0 }))
}

/** The gaps whose difference from the dominant one could as well be 0. */
function rivalsOf(dominant: Gap, all: readonly Gap[], errors: Errors): GapName[] {
  const others = all.filter((gap) => gap !== dominant)
  return others
    .filter(
      (gap) => sumOf(errors, (name) => factorIn(dominant, name) - factorIn(gap, name)).low <= 0,
    )
    .map(({ name }) => name)
}

/** A sum of errors, each with its factor: neighbouring gaps have one in common. */
function sumOf(errors: Errors, factorOf: (name: keyof Errors) => number): Estimate {
  return combine(
    (['optimal', ...diagnosedSets] as const).flatMap((name): [number, Estimate][] => {
      const error = errors[name]
      return error === undefined || factorOf(name) === 0 ? [] : [[factorOf(name), error]]
    }),
  )
}

function factorIn({ from, to }: Pick<Gap, 'from' | 'to'>, name: keyof Errors): number {
  return Number(name === to) - Number(name === from)
}

const titles: Readonly<Record<ErrorMetric, string>> = {
  errorRate: 'Error rate',
  meanSquaredError: 'Mean squared error',
  rootMeanSquaredError: 'Root mean squared error',
  meanAbsoluteError: 'Mean absolute error',
}

function percent(fraction: number, decimals = 0): string {
  return `${Number((100 * fraction).toFixed(decimals))} %`
}
