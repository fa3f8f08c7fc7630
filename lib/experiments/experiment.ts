import { Running } from '../running.js'
import type { Scheduler } from './scheduler.js'

/** What the work of an {@link Experiment} may use. @internal */
export type Emit<Item> = (item: Item) => void

/**
 * A running experiment: await it for its result, or iterate over it for what it is made of, as it
 * comes. Leaving the loop stops all its fits within one batch. Nothing waits for the loop's body.
 *
 * An Experiment that is iterated raises no unhandled rejection: the loop throws.
 */
export class Experiment<Item, Result extends { readonly completed: boolean }> extends Running<
  Item,
  Result
> {
  readonly #scheduler: Scheduler

  /** @internal */
  constructor(
    scheduler: Scheduler,
    signal: AbortSignal | undefined,
    work: (emit: Emit<Item>) => Promise<Result>,
  ) {
    super()
    this.#scheduler = scheduler
    void this.#run(signal, work)
  }

  /** Ends all fits within one batch. The Experiment then resolves with what is finished. */
  stop(): void {
    this.#scheduler.stop()
  }

  async #run(
    signal: AbortSignal | undefined,
    work: (emit: Emit<Item>) => Promise<Result>,
  ): Promise<void> {
    try {
      await Promise.resolve() // nothing begins before the caller has the Experiment
      signal?.throwIfAborted()
      this.obey(signal)
      const result = await work((item) => {
        this.emit(item)
      })
      if (!result.completed) signal?.throwIfAborted()
      this.succeed(result)
    } catch (error) {
      this.fail(error)
    }
  }
}
