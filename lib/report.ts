import type { Dataset } from './dataset.js'
import type { NativeEpochEvent, NativeScores } from './native.js'
import type { MetricName } from './options/index.js'

/** The value of a metric: a number, or a matrix by rows. */
export type MetricValue<M extends MetricName> = M extends 'confusionMatrix'
  ? readonly (readonly number[])[]
  : number

/** Loss and metrics of a data set. */
export type Scores<M extends MetricName = never> = {
  /** The cost, penalties included: a mean over rows, or a sum where the loss is one. */
  readonly loss: number
  /** The same without the penalties. */
  readonly dataLoss: number
  /** The penalties of weights and of layers' outputs. */
  readonly penalty: number
} & { readonly [K in M]: MetricValue<K> }

/** The validation sets of a fit: one, or several by name. */
export type Validation = Dataset | Readonly<Record<string, Dataset>>

/** The scores of a fit's validation sets, in the form they were given. */
export type ValidationScores<M extends MetricName, V> = V extends Dataset
  ? Scores<M>
  : V extends Readonly<Record<string, Dataset>>
    ? { readonly [K in keyof V]: Scores<M> }
    : undefined

/** What one epoch came to. */
export type EpochReport<M extends MetricName = never, V = undefined> = Scores<M> & {
  /** From 1, over the Trainer's life: a second `fit` counts on. */
  readonly epoch: number
  /**
   * Scores of the validation sets after the epoch; undefined where `fit` was given none. The
   * report's own, of the training set, are running means over the epoch, from before each step's
   * update; a quasi-Newton iteration's are those of the point that it moved to.
   */
  readonly validation: ValidationScores<M, V>
  /** Scores of the training set after the epoch; undefined unless `fit` was given `evaluateTrain`. */
  readonly train: Scores<M> | undefined
  /** Which of the Trainer's phases it belongs to, from 0. */
  readonly phase: number
  /** Of the last step; 0 for a quasi-Newton method. */
  readonly learningRate: number
  /** How often a quasi-Newton method evaluated the cost. */
  readonly evaluations: number
  /** Time of the training steps, without validation; in a stream with the time they wait for rows. */
  readonly seconds: number
  /** Training rows per second of that time. */
  readonly rowsPerSecond: number
}

/** What one batch came to. */
export interface BatchReport {
  /** From 1, over the Trainer's life. */
  readonly epoch: number
  /** From 1. */
  readonly batch: number
  /** Batches in the epoch; NaN in a stream's where nobody knows before it ends, but for its last. */
  readonly batches: number
  /** The batch's cost before its step, penalties included. */
  readonly loss: number
  /** The same without the penalties. */
  readonly dataLoss: number
  readonly learningRate: number
}

/** What a fit came to. */
export interface History<M extends MetricName = never, V = undefined> {
  /** One report for each finished epoch. */
  readonly epochs: readonly EpochReport<M, V>[]
  /** False if the fit was stopped before the last epoch, or its stream ended before. */
  readonly completed: boolean
  /** True if a quasi-Newton method ended it, having found nowhere lower to go. */
  readonly converged: boolean
}

/** The core's scores by name, penalty included in the loss. */
export function toScores<M extends MetricName>(
  { loss: dataLoss, penalty, metrics: values }: NativeScores,
  metrics: readonly M[],
  outputs: number,
): Scores<M> {
  let next = 0
  const named = metrics.map((name) => {
    if (name !== 'confusionMatrix') return [name, values[next++]]
    const classes = Math.max(outputs, 2)
    const rows = Array.from({ length: classes }, () => values.slice(next, (next += classes)))
    return [name, rows]
  })
  const scores = { loss: dataLoss + penalty, dataLoss, penalty }
  return { ...scores, ...Object.fromEntries(named) } as Scores<M> // one value per metric
}

/**
 * The report of an epoch.
 *
 * @param losses - of the sets, where the core cannot know them
 */
export function toEpochReport<M extends MetricName, V>(
  event: NativeEpochEvent,
  fit: {
    readonly metrics: readonly M[]
    readonly validationNames: readonly string[] | undefined
    readonly evaluateTrain: boolean
    readonly network: { readonly outputs: number }
  },
  losses: readonly number[],
): EpochReport<M, V> {
  const { epoch, phase, learningRate, evaluations, seconds, rowsPerSecond, validations } = event
  const { metrics, validationNames: names, evaluateTrain, network } = fit
  const scores = validations.map((one, i) =>
    toScores(losses[i] === undefined ? one : { ...one, loss: losses[i] }, metrics, network.outputs),
  )
  const train = evaluateTrain ? scores.pop() : undefined
  const validation =
    names === undefined ? scores[0] : Object.fromEntries(names.map((name, i) => [name, scores[i]]))
  const rest = { epoch, phase, learningRate, evaluations, seconds, rowsPerSecond }
  const own = toScores(event, metrics, network.outputs)
  // The form of `validation` follows the names, as its type follows V.
  return { ...own, ...rest, train, validation } as EpochReport<M, V>
}
