import { setImmediate } from 'node:timers/promises'
import type { Dataset } from './dataset.js'
import { GemmnetError } from './errors.js'
import { CallSite } from './job.js'
import type {
  NativeBatchEvent,
  NativeEpochEvent,
  NativeFitSettings,
  NativeTrainer,
  NativeFitEnd,
  NativeScores,
} from './native.js'
import type { MetricName } from './options/index.js'

/** Loss and metrics of a data set. */
export type Scores<M extends MetricName = MetricName> = {
  /** The cost, penalty included: a mean over rows, or a sum where the loss is one. */
  readonly loss: number
  /** The share of the weights' L2 penalty in `loss`. */
  readonly penalty: number
} & Readonly<Record<M, number>>

/** The validation sets of a fit: one, or several by name. */
export type Validation = Dataset | Readonly<Record<string, Dataset>>

/** The scores of a fit's validation sets, in the form they were given. */
export type ValidationScores<M extends MetricName, V> = V extends Dataset
  ? Scores<M>
  : V extends Readonly<Record<string, Dataset>>
    ? { readonly [K in keyof V]: Scores<M> }
    : undefined

/** What one epoch came to. */
export type EpochReport<M extends MetricName = MetricName, V = undefined> = Scores<M> & {
  /** From 1, over the Trainer's life: a second `fit` counts on. */
  readonly epoch: number
  /** Scores after the epoch; those of the training set are running means over it. */
  readonly validation: ValidationScores<M, V>
  readonly learningRate: number
  /** Time of the training steps, without validation. */
  readonly seconds: number
  /** Training rows per second of that time. */
  readonly rowsPerSecond: number
}

/** What one batch came to. */
export interface BatchReport {
  readonly epoch: number
  /** From 1. */
  readonly batch: number
  /** Batches in the epoch. */
  readonly batches: number
  /** The batch's cost before its step, penalty included. */
  readonly loss: number
}

/** What a fit came to. */
export interface History<M extends MetricName = MetricName, V = undefined> {
  /** One report for each finished epoch. */
  readonly epochs: readonly EpochReport<M, V>[]
  /** False if the loop was left before the last epoch. */
  readonly completed: boolean
}

/** Functions that a fit calls on its way; the next epoch waits for those of the last. */
export interface Callback<M extends MetricName = MetricName, V = undefined> {
  onEpochEnd?(report: EpochReport<M, V>): void | Promise<void>
  /** Called soon after the batch; training does not wait for it. */
  onBatchEnd?(report: BatchReport): void | Promise<void>
}

/** Milliseconds that a fit's callbacks may keep the event loop in one go. */
const longestHold = 5

/** What a Fit is made from. @internal */
export interface FitPlan<M extends MetricName, V> {
  readonly metrics: readonly M[]
  /** Names of the validation sets, or undefined where it is a single one, or null for none. */
  readonly validationNames: readonly string[] | undefined | null
  readonly callbacks: readonly Callback<M, V>[]
  readonly signal: AbortSignal | undefined
  readonly trainer: NativeTrainer
  readonly settings: NativeFitSettings
  /** Where the user called `fit`. */
  readonly callSite: CallSite
}

/**
 * A running fit: await it for its {@link History}, or iterate over it for an {@link EpochReport}
 * per epoch, as they come. Leaving the loop stops the training within one batch; the network keeps
 * the weights of the last finished step. The training does not wait for the loop's body, so small
 * networks may be some epochs ahead of it, 1024 reports at most; it waits for callbacks.
 *
 * A Fit that is iterated raises no unhandled rejection: the loop throws.
 */
export class Fit<M extends MetricName = MetricName, V = undefined>
  implements PromiseLike<History<M, V>>, AsyncIterable<EpochReport<M, V>>
{
  readonly #plan: FitPlan<M, V>
  readonly #epochs: EpochReport<M, V>[] = []
  readonly #settled: Promise<History<M, V>>
  #resolve!: (history: History<M, V>) => void
  #reject!: (error: unknown) => void
  #number: number | undefined // by which the native trainer knows the fit
  #stopping = false
  #breathed = performance.now()
  #ended = false
  #callbackError: { readonly error: unknown } | undefined
  #queue: Promise<void> = Promise.resolve()
  #waiting: (() => void)[] = []
  readonly #abort = () => {
    this.stop()
  }

  /** @internal */
  constructor(plan: FitPlan<M, V>) {
    this.#plan = plan
    this.#settled = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const { signal } = plan
    if (signal?.aborted === true) {
      this.#settle(() => {
        this.#reject(signal.reason)
      })
      return
    }
    signal?.addEventListener('abort', this.#abort, { once: true })
    try {
      this.#number = plan.trainer.fit(plan.settings, (events, end) => {
        // Without callbacks there is nothing to wait for.
        if (plan.callbacks.length > 0)
          this.#queue = this.#queue.then(() => this.#takeInTurn(events, end))
        else this.#take(events, end)
      })
    } catch (error) {
      signal?.removeEventListener('abort', this.#abort)
      throw error
    }
  }

  /** Ends the training within one batch. The Fit then resolves with what there is. */
  stop(): void {
    this.#stopping = true
    if (this.#number !== undefined) this.#plan.trainer.stop(this.#number)
  }

  then<A = History<M, V>, B = never>(
    onFulfilled?: ((history: History<M, V>) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#settled.then(onFulfilled, onRejected)
  }

  catch<B = never>(
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<History<M, V> | B> {
    return this.#settled.catch(onRejected)
  }

  finally(onFinally?: (() => void) | null): Promise<History<M, V>> {
    return this.#settled.finally(onFinally)
  }

  [Symbol.asyncIterator](): AsyncGenerator<EpochReport<M, V>, void, undefined> {
    this.#settled.catch(() => undefined) // the loop throws instead
    return this.#iterate()
  }

  async *#iterate(): AsyncGenerator<EpochReport<M, V>, void, undefined> {
    try {
      for (let next = 0; ;) {
        const report = this.#epochs[next]
        if (report !== undefined) {
          next++
          yield report
        } else if (this.#ended) {
          await this.#settled
          return
        } else {
          await new Promise<void>((resolve) => this.#waiting.push(resolve))
        }
      }
    } finally {
      // Left by break, return or throw, if it has not ended by itself.
      if (!this.#ended) {
        this.stop()
        await this.#settled.catch(() => undefined)
      }
    }
  }

  /** Takes the news of the native fit. */
  #take(events: readonly (NativeEpochEvent | NativeBatchEvent)[], end: NativeFitEnd | null): void {
    for (const event of events) {
      if (event.type === 'epoch') this.#record(event)
      this.#answer()
    }
    this.#finish(end)
  }

  #record(event: NativeEpochEvent): EpochReport<M, V> {
    const report = this.#toReport(event)
    this.#epochs.push(report)
    this.#notify()
    return report
  }

  #answer(): void {
    if (this.#number !== undefined) this.#plan.trainer.proceed(this.#number)
  }

  #finish(end: NativeFitEnd | null): void {
    if (end === null) return
    this.#settle(() => {
      this.#conclude(end)
    })
  }

  /** The same with callbacks, one delivery after the other. Never rejects. */
  async #takeInTurn(
    events: readonly (NativeEpochEvent | NativeBatchEvent)[],
    end: NativeFitEnd | null,
  ): Promise<void> {
    for (const event of events) {
      if (event.type === 'epoch') {
        const report = this.#record(event)
        await this.#call((callback) => callback.onEpochEnd?.(report))
      } else if (!this.#stopping) {
        const { epoch, batch, batches, loss } = event
        const report = { epoch, batch, batches, loss }
        await this.#call((callback) => callback.onBatchEnd?.(report))
      }
      this.#answer()
      await this.#breathe()
    }
    this.#finish(end)
  }

  /** Lets the event loop turn, where callbacks have kept it: else no timer or signal would be heard. */
  async #breathe(): Promise<void> {
    if (performance.now() - this.#breathed < longestHold) return
    await setImmediate()
    this.#breathed = performance.now()
  }

  /** Calls one hook of all callbacks in turn; the first that throws stops the fit. */
  async #call(hook: (callback: Callback<M, V>) => void | Promise<void>): Promise<void> {
    if (this.#callbackError !== undefined) return
    try {
      for (const callback of this.#plan.callbacks) await hook(callback)
    } catch (error) {
      this.#callbackError = { error }
      this.stop()
    }
  }

  #conclude(end: NativeFitEnd): void {
    const { signal, callSite } = this.#plan
    if (this.#callbackError !== undefined) {
      this.#reject(this.#callbackError.error)
    } else if (end.reason === 'failed') {
      this.#reject(callSite.claim(new Error(end.error.message, { cause: end.error })))
    } else if (end.reason === 'nonFiniteLoss' || end.reason === 'nonFiniteWeights') {
      this.#reject(callSite.claim(nonFiniteLoss(end)))
    } else if (end.reason === 'stopped' && signal?.aborted === true) {
      this.#reject(signal.reason)
    } else {
      this.#resolve({ epochs: this.#epochs, completed: end.reason === 'finished' })
    }
  }

  #settle(conclude: () => void): void {
    this.#ended = true
    this.#plan.signal?.removeEventListener('abort', this.#abort)
    conclude()
    this.#notify()
  }

  #notify(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  #toReport(event: NativeEpochEvent): EpochReport<M, V> {
    const { epoch, learningRate, seconds, rowsPerSecond, validations } = event
    const { metrics, validationNames: names } = this.#plan
    const scores = validations.map((one) => toScores(one, metrics))
    const validation =
      names == null ? scores[0] : Object.fromEntries(names.map((name, i) => [name, scores[i]]))
    const rest = { epoch, learningRate, seconds, rowsPerSecond }
    // The form of `validation` follows the names, as its type follows V.
    return { ...toScores(event, metrics), ...rest, validation } as EpochReport<M, V>
  }
}

/** The core's scores by name, penalty included in the loss. */
export function toScores<M extends MetricName>(
  { loss, penalty, metrics: values }: NativeScores,
  metrics: readonly M[],
): Scores<M> {
  const named = Object.fromEntries(metrics.map((name, i) => [name, values[i]]))
  return { loss: loss + penalty, penalty, ...named } as Scores<M> // one value per metric
}

type NonFinite = Extract<NativeFitEnd, { reason: 'nonFiniteLoss' | 'nonFiniteWeights' }>

function nonFiniteLoss(end: NonFinite): GemmnetError {
  const { reason, epoch, batch, layer } = end
  const where = `in epoch ${epoch}, batch ${batch}`
  const scale = 'A smaller learning rate, or features scaled to about 1, usually help'
  const targets = 'All outputs are: targets or sample weights are too large for it'
  const kept = 'The network keeps its last finite weights'
  const details = { epoch, batch, ...(layer !== undefined && { layer }) }
  if (reason === 'nonFiniteWeights')
    return new GemmnetError(
      'ERR_NON_FINITE_LOSS',
      `The weights of layer ${layer} are not finite after epoch ${epoch}, batch ${batch}. ${kept}. ${scale}`,
      details,
    )
  const { row } = end
  if (row === undefined)
    return new GemmnetError(
      'ERR_NON_FINITE_LOSS',
      `The loss is not finite ${where}. ${targets}. ${kept}`,
      details,
    )
  return new GemmnetError(
    'ERR_NON_FINITE_LOSS',
    `The loss is not finite ${where}: layer ${layer} gives NaN or infinity for row ${row}. ` +
      `${kept}. ${scale}`,
    { ...details, row },
  )
}
