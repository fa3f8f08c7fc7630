import { setImmediate } from 'node:timers/promises'
import type { Dataset } from './dataset.js'
import { checkLossValue, evaluateCustomLoss, toLossBatch } from './custom_loss.js'
import type { CustomLoss } from './custom_loss.js'
import { GemmnetError } from './errors.js'
import { CallSite } from './job.js'
import type { DType } from './matrix.js'
import type {
  NativeEpochEvent,
  NativeEvent,
  NativeFitEnd,
  NativeFitSettings,
  NativeLossEvent,
  NativeRateEvent,
  NativeScores,
  NativeTrainer,
} from './native.js'
import type { Network } from './network.js'
import type { LearningRateFunction, MetricName } from './options/index.js'
import { checks } from './options/index.js'

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
   * Scores after the epoch. Those of the training set are running means over it, from before each
   * step's update; a quasi-Newton iteration's are those of the point that it moved to.
   */
  readonly validation: ValidationScores<M, V>
  /** Scores of the training set after the epoch, if asked for with `evaluateTrain`. */
  readonly train: Scores<M> | undefined
  /** Which of the Trainer's phases it belongs to, from 0. */
  readonly phase: number
  /** Of the last step; 0 for a quasi-Newton method. */
  readonly learningRate: number
  /** How often a quasi-Newton method evaluated the cost. */
  readonly evaluations: number
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
  /** False if the fit was stopped before the last epoch. */
  readonly completed: boolean
  /** True if a quasi-Newton method ended it, having found nowhere lower to go. */
  readonly converged: boolean
}

/** What a callback can do to the fit that calls it. */
export interface FitControl {
  /** The network being trained; its weights are those of the last finished epoch. */
  readonly network: Network<DType>
  /** Ends the training within one batch; in `onEpochEnd`, with that epoch. */
  stop(): void
  /** Multiplies the learning rate from the next step on, whatever schedule gives it; positive. */
  scaleLearningRate(factor: number): void
}

/**
 * Functions that a fit calls on its way, one callback's after the other's; the next epoch waits for
 * those of the last. The first that throws ends the fit, which rejects with what it threw; the
 * callbacks behind it are not called any more, but for their `onFitEnd`.
 */
export interface Callback<M extends MetricName = never, V = undefined> {
  /** Called before the first step, which waits for it. */
  onFitBegin?(fit: FitControl): void | Promise<void>
  onEpochEnd?(report: EpochReport<M, V>, fit: FitControl): void | Promise<void>
  /** Called soon after the batch; training does not wait for it. */
  onBatchEnd?(report: BatchReport, fit: FitControl): void | Promise<void>
  /**
   * Called once, when the training is over, however it ended (a signal that had aborted before the
   * call of `fit` lets nothing begin, nor end); the network's weights may be set. What it throws is
   * what the Fit rejects with, unless there is a reason from before.
   */
  onFitEnd?(fit: FitControl): void | Promise<void>
}

/** Milliseconds that a fit's callbacks may keep the event loop in one go. */
const longestHold = 5

/** What a Fit is made from. @internal */
export interface FitPlan<M extends MetricName, V> {
  readonly network: Network<DType>
  readonly metrics: readonly M[]
  /** The learning-rate functions of the Trainer's phases; undefined where the core has a schedule. */
  readonly rates: readonly (LearningRateFunction | undefined)[]
  readonly customLoss: CustomLoss | undefined
  /** Whether the last of the native validation sets is the training set. */
  readonly evaluateTrain: boolean
  /** The validation sets. */
  readonly sets: readonly Dataset[]
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
export class Fit<M extends MetricName = never, V = undefined>
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
  #endError: { readonly error: unknown } | undefined // of onFitEnd
  readonly #control: FitControl
  #queue: Promise<void> = Promise.resolve()
  #waiting: (() => void)[] = []
  readonly #abort = () => {
    this.stop()
  }

  /** @internal */
  constructor(plan: FitPlan<M, V>) {
    this.#plan = plan
    this.#control = Object.freeze({
      network: plan.network,
      stop: () => {
        this.stop()
      },
      scaleLearningRate: (factor: number) => {
        plan.trainer.scaleLearningRate(checks.positive('factor', factor))
      },
    })
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
        if (plan.settings.wait) this.#queue = this.#queue.then(() => this.#takeInTurn(events, end))
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
  #take(events: readonly NativeEvent[], end: NativeFitEnd | null): void {
    for (const event of events) {
      if (event.type === 'rate') this.#answerRate(event)
      else if (event.type === 'epoch') {
        this.#record(event, [])
        this.#answer()
      }
    }
    if (end !== null)
      this.#settle(() => {
        this.#conclude(end)
      })
  }

  #record(event: NativeEpochEvent, losses: readonly number[]): EpochReport<M, V> {
    const report = this.#toReport(event, losses)
    this.#epochs.push(report)
    this.#notify()
    return report
  }

  #answer(): void {
    if (this.#number !== undefined) this.#plan.trainer.proceed(this.#number)
  }

  #answerRate({ phase, epoch, step }: NativeRateEvent): void {
    this.#guard(() => {
      const rate: unknown = this.#plan.rates[phase]?.({ epoch, step })
      this.#reply(checks.nonNegative('learningRate', rate))
    })
  }

  #answerLoss(event: NativeLossEvent): void {
    this.#guard(() => {
      const { customLoss, network } = this.#plan
      if (customLoss === undefined) return
      const batch = toLossBatch(event, network.outputs)
      const { value, gradient } = checkLossValue(customLoss(batch), event.outputs.length)
      const ofType =
        network.dtype === 'float64' ? Float64Array.from(gradient) : Float32Array.from(gradient)
      this.#reply(value, ofType)
    })
  }

  #reply(value: number, gradient?: Float32Array | Float64Array): void {
    if (this.#number === undefined || this.#stopping) return
    this.#plan.trainer.answer(this.#number, value, gradient)
  }

  /** Runs what is the user's; what it throws ends the fit. */
  #guard(work: () => void): void {
    if (this.#stopping) return
    try {
      work()
    } catch (error) {
      this.#callbackError ??= { error }
      this.stop()
    }
  }

  /** The same with callbacks, one delivery after the other. Never rejects. */
  async #takeInTurn(events: readonly NativeEvent[], end: NativeFitEnd | null): Promise<void> {
    for (const event of events) await this.#takeEvent(event)
    if (end === null) return
    for (const callback of this.#plan.callbacks) {
      try {
        await callback.onFitEnd?.(this.#control)
      } catch (error) {
        this.#endError ??= { error }
      }
    }
    this.#settle(() => {
      this.#conclude(end)
    })
  }

  async #takeEvent(event: NativeEvent): Promise<void> {
    switch (event.type) {
      case 'begin':
        await this.#call((callback) => callback.onFitBegin?.(this.#control))
        this.#reply(0)
        return
      case 'rate':
        this.#answerRate(event)
        return
      case 'loss':
        this.#answerLoss(event)
        return
      case 'epoch': {
        const report = this.#record(event, await this.#customLosses())
        await this.#call((callback) => callback.onEpochEnd?.(report, this.#control))
        break
      }
      case 'batch':
        if (!this.#stopping) {
          const { epoch, batch, batches, loss: dataLoss, penalty, learningRate } = event
          const loss = dataLoss + penalty
          const report = { epoch, batch, batches, loss, dataLoss, learningRate }
          await this.#call((callback) => callback.onBatchEnd?.(report, this.#control))
        }
    }
    this.#answer()
    await this.#breathe()
  }

  /** The losses of the validation sets, where the core cannot know them. */
  async #customLosses(): Promise<number[]> {
    const { customLoss, network, sets } = this.#plan
    if (customLoss === undefined) return []
    const losses: number[] = []
    for (const set of sets) {
      try {
        losses.push(await evaluateCustomLoss(customLoss, network, set))
      } catch (error) {
        this.#callbackError ??= { error }
        this.stop()
      }
    }
    return losses
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
      this.#callbackError ??= { error }
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
      this.#reject(callSite.claim(nonFiniteLoss(end, this.#plan.customLoss !== undefined)))
    } else if (end.reason === 'stopped' && signal?.aborted === true) {
      this.#reject(signal.reason)
    } else if (this.#endError !== undefined) {
      this.#reject(this.#endError.error)
    } else {
      const { reason } = end
      this.#resolve({
        epochs: this.#epochs,
        completed: reason === 'finished' || reason === 'converged',
        converged: reason === 'converged',
      })
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

  #toReport(event: NativeEpochEvent, losses: readonly number[]): EpochReport<M, V> {
    const { epoch, phase, learningRate, evaluations, seconds, rowsPerSecond, validations } = event
    const { metrics, validationNames: names, evaluateTrain, network } = this.#plan
    const scores = validations.map((one, i) =>
      toScores(
        losses[i] === undefined ? one : { ...one, loss: losses[i] },
        metrics,
        network.outputs,
      ),
    )
    const train = evaluateTrain ? scores.pop() : undefined
    const validation =
      names == null ? scores[0] : Object.fromEntries(names.map((name, i) => [name, scores[i]]))
    const rest = { epoch, phase, learningRate, evaluations, seconds, rowsPerSecond }
    const own = toScores(event, metrics, network.outputs)
    // The form of `validation` follows the names, as its type follows V.
    return { ...own, ...rest, train, validation } as EpochReport<M, V>
  }
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

type NonFinite = Extract<NativeFitEnd, { reason: 'nonFiniteLoss' | 'nonFiniteWeights' }>

function nonFiniteLoss(end: NonFinite, isCustom: boolean): GemmnetError {
  const { epoch, batch, layer } = end
  const row = end.reason === 'nonFiniteLoss' ? end.row : undefined
  const scale = 'A smaller learning rate, or features scaled to about 1, usually help'
  const kept = 'The network keeps its last finite weights'
  const where = `in epoch ${epoch}, batch ${batch}`
  const ofRow = row === undefined ? '' : ` of row ${row}`
  const message = () => {
    if (end.reason === 'nonFiniteWeights')
      return `The weights of layer ${layer} are not finite after epoch ${epoch}, batch ${batch}. ${kept}. ${scale}`
    if (layer !== undefined && row === undefined)
      return `The loss is not finite ${where}: the penalties of layer ${layer} are not. ${kept}. A weaker penalty or a smaller learning rate usually helps`
    if (layer !== undefined)
      return `The loss is not finite ${where}: layer ${layer} gives NaN or infinity for row ${row}. ${kept}. ${scale}`
    const why = isCustom
      ? `The loss function gives a value or a gradient${ofRow} that is not`
      : `All outputs${ofRow} are: targets or sample weights are too large for it`
    return `The loss is not finite ${where}. ${why}. ${kept}`
  }
  return new GemmnetError('ERR_NON_FINITE_LOSS', message(), {
    epoch,
    batch,
    ...(layer !== undefined && { layer }),
    ...(row !== undefined && { row }),
  })
}
