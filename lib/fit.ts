import { setImmediate } from 'node:timers/promises'
import type { Dataset } from './dataset.js'
import { checkLossValue, evaluateCustomLoss, toLossBatch } from './custom_loss.js'
import type { CustomLoss } from './custom_loss.js'
import { CallSite } from './job.js'
import type { DType } from './matrix.js'
import { toFloats } from './matrix.js'
import type {
  NativeEpochEvent,
  NativeEvent,
  NativeFitEnd,
  NativeFitSettings,
  NativeLossEvent,
  NativeRateEvent,
  NativeTrainer,
} from './native.js'
import type { Network } from './network.js'
import { nonFiniteLoss } from './non_finite.js'
import type { LearningRateFunction, MetricName } from './options/index.js'
import { checks } from './options/index.js'
import type { BatchReport, EpochReport, History } from './report.js'
import { toEpochReport } from './report.js'
import { Running } from './running.js'
import type { FeedPlan } from './stream/feed.js'
import { Feed } from './stream/feed.js'
import { draws } from './tables.js'

/** What a callback can do to the fit that calls it. */
export interface FitControl {
  /** The network being trained; its weights are those of the last finished epoch. */
  readonly network: Network<DType>
  /** Ends the training within one batch; in `onEpochEnd`, with that epoch. */
  stop(): void
  /**
   * Multiplies the learning rate from the next step on, whatever schedule gives it.
   *
   * @throws TypeError or RangeError if `factor` is no positive number
   */
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
  /** Called after each epoch and its validation; the next epoch waits for it. */
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
  /** Names of the validation sets; undefined where there is a single one without a name, or none. */
  readonly validationNames: readonly string[] | undefined
  readonly callbacks: readonly Callback<M, V>[]
  readonly signal: AbortSignal | undefined
  readonly trainer: NativeTrainer
  readonly settings: NativeFitSettings
  /** What brings the rows, where the settings have a stream. */
  readonly feed: FeedPlan | undefined
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
export class Fit<M extends MetricName = never, V = undefined> extends Running<
  EpochReport<M, V>,
  History<M, V>
> {
  readonly #plan: FitPlan<M, V>
  #number: number | undefined // by which the native trainer knows the fit
  #stopping = false
  #breathed = performance.now()
  #callbackError: { readonly error: unknown } | undefined
  #endError: { readonly error: unknown } | undefined // of onFitEnd
  readonly #control: FitControl
  #feed: Feed | undefined
  #queue: Promise<void> = Promise.resolve()

  /** @internal */
  constructor(plan: FitPlan<M, V>) {
    super()
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
    const { signal } = plan
    if (signal?.aborted === true) {
      this.fail(signal.reason)
      return
    }
    this.#number = plan.trainer.fit(plan.settings, (events, end) => {
      // Callbacks, which may take their time, are not waited for.
      if (events.some(({ type }) => type === 'room')) this.#feed?.resume()
      // Without callbacks there is nothing to wait for.
      if (plan.settings.wait) this.#queue = this.#queue.then(() => this.#takeInTurn(events, end))
      else this.#take(events, end)
    })
    this.obey(signal)
    if (plan.feed !== undefined) this.#feed = new Feed(plan.feed, plan.trainer, this.#number)
  }

  /** Ends the training within one batch. The Fit then resolves with what there is. */
  stop(): void {
    this.#stopping = true
    if (this.#number !== undefined) this.#plan.trainer.stop(this.#number)
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
    if (end === null) return
    if (this.#feed === undefined) this.#conclude(end)
    else
      void this.#endFeed().then(() => {
        this.#conclude(end)
      })
  }

  /** Closes the source of a stream. Never rejects. */
  async #endFeed(): Promise<void> {
    try {
      await this.#feed?.end()
    } catch (error) {
      this.#endError ??= { error }
    }
  }

  #record(event: NativeEpochEvent, losses: readonly number[]): EpochReport<M, V> {
    const report = toEpochReport<M, V>(event, this.#plan, losses)
    this.emit(report)
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
      this.#reply(value, toFloats(gradient, network.dtype))
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
    await this.#endFeed()
    for (const callback of this.#plan.callbacks) {
      try {
        await callback.onFitEnd?.(this.#control)
      } catch (error) {
        this.#endError ??= { error }
      }
    }
    this.#conclude(end)
  }

  async #takeEvent(event: NativeEvent): Promise<void> {
    switch (event.type) {
      case 'room':
        return
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
          const { epoch, batch, loss: dataLoss, penalty, learningRate } = event
          const batches = event.batches === 0 ? NaN : event.batches
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
    const { signal, callSite, customLoss, network } = this.#plan
    const failure = this.#feed?.failure
    if (this.#callbackError !== undefined) {
      this.fail(this.#callbackError.error)
    } else if (end.reason === 'failed') {
      this.fail(callSite.claim(new Error(end.error.message, { cause: end.error })))
    } else if (end.reason === 'nonFiniteLoss' || end.reason === 'nonFiniteWeights') {
      const last = network.layers.at(-1)?.type
      const drawnBy = last !== undefined && draws(last) ? last : undefined
      const isCustom = customLoss !== undefined
      this.fail(callSite.claim(nonFiniteLoss(end, { isCustom, drawnBy })))
    } else if (end.reason === 'stopped' && signal?.aborted === true) {
      this.fail(signal.reason)
    } else if (end.reason === 'stopped' && failure !== undefined && !this.#stopping) {
      this.fail(failure.error)
    } else if (this.#endError !== undefined) {
      this.fail(this.#endError.error)
    } else {
      const { reason } = end
      this.succeed({
        epochs: this.items,
        completed: reason === 'finished' || reason === 'converged',
        converged: reason === 'converged',
      })
    }
  }
}
