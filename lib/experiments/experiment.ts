import type { Scheduler } from './scheduler.js'

/** What the work of an {@link Experiment} may use. @internal */
export type Emit<Item> = (item: Item) => void

/**
 * A running experiment: await it for its result, or iterate over it for what it is made of, as it
 * comes. Leaving the loop stops all its fits within one batch. Nothing waits for the loop's body.
 *
 * An Experiment that is iterated raises no unhandled rejection: the loop throws.
 */
export class Experiment<Item, Result extends { readonly completed: boolean }>
  implements PromiseLike<Result>, AsyncIterable<Item>
{
  readonly #scheduler: Scheduler
  readonly #signal: AbortSignal | undefined
  readonly #items: Item[] = []
  readonly #settled: Promise<Result>
  #waiting: (() => void)[] = []
  #ended = false

  /** @internal */
  constructor(
    scheduler: Scheduler,
    signal: AbortSignal | undefined,
    work: (emit: Emit<Item>) => Promise<Result>,
  ) {
    this.#scheduler = scheduler
    this.#signal = signal
    this.#settled = this.#run(work)
  }

  /** Ends all fits within one batch. The Experiment then resolves with what is finished. */
  stop(): void {
    this.#scheduler.stop()
  }

  then<A = Result, B = never>(
    onFulfilled?: ((result: Result) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#settled.then(onFulfilled, onRejected)
  }

  /** As a promise's. */
  catch<B = never>(
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<Result | B> {
    return this.#settled.catch(onRejected)
  }

  /** As a promise's. */
  finally(onFinally?: (() => void) | null): Promise<Result> {
    return this.#settled.finally(onFinally)
  }

  [Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    this.#settled.catch(() => undefined) // the loop throws instead
    return this.#iterate()
  }

  async *#iterate(): AsyncGenerator<Item, void, undefined> {
    try {
      for (let next = 0; ;) {
        if (next < this.#items.length) {
          // Held below the length, so it is an item, also where items can be undefined.
          yield this.#items[next++] as Item
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

  async #run(work: (emit: Emit<Item>) => Promise<Result>): Promise<Result> {
    const signal = this.#signal
    const abort = () => {
      this.stop()
    }
    try {
      await Promise.resolve() // nothing begins before the caller has the Experiment
      signal?.throwIfAborted()
      signal?.addEventListener('abort', abort, { once: true })
      const result = await work((item) => {
        this.#items.push(item)
        this.#notify()
      })
      if (!result.completed) signal?.throwIfAborted()
      return result
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#ended = true
      this.#notify()
    }
  }

  #notify(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
