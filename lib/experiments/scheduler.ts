import type { Dataset } from '../dataset.js'
import type { FitOptions } from '../fit_options.js'
import type { Trainer } from '../trainer.js'
import type { MetricName } from '../options/index.js'
import type { History, Validation } from '../report.js'

/**
 * Runs pieces of work side by side, some at once, and stops the fits among them. Fits run on threads
 * of their own, so nothing of the work is in JavaScript but its beginnings and ends.
 */
export class Scheduler {
  readonly #concurrency: number
  readonly #fits = new Set<{ stop(): void }>()
  #stopping = false

  /** @param concurrency - pieces of work at once, a positive integer */
  constructor(concurrency: number) {
    this.#concurrency = concurrency
  }

  /** Whether what runs should come to its end. */
  get isStopping(): boolean {
    return this.#stopping
  }

  /** Ends all fits within one batch, and begins nothing more. */
  stop(): void {
    this.#stopping = true
    for (const fit of this.#fits) fit.stop()
  }

  /**
   * Does the work for each of the tasks, begun in their order; the promise waits for all that was
   * begun. The first that throws stops the others, and is what the promise rejects with.
   */
  async run<T>(tasks: readonly T[], work: (task: T) => Promise<void>): Promise<void> {
    const left = tasks.values()
    let failure: { readonly error: unknown } | undefined
    const worker = async () => {
      try {
        for (const task of left) {
          if (this.#stopping) return
          await work(task)
        }
      } catch (error) {
        failure ??= { error }
        this.stop()
      }
    }
    await Promise.all(Array.from({ length: Math.min(this.#concurrency, tasks.length) }, worker))
    if (failure !== undefined) throw failure.error
  }

  /** Trains as `Trainer.fit` does, until `stop`. What that throws, this throws, before any `await`. */
  fit<M extends MetricName, V extends Validation | undefined>(
    trainer: Trainer<M>,
    train: Dataset,
    options: FitOptions<M, V>,
  ): Promise<History<M, V>> {
    const fit = trainer.fit(train, options)
    this.#fits.add(fit)
    return fit.finally(() => this.#fits.delete(fit))
  }
}
