/**
 * Something that runs: await it for its result, or iterate over it for what it is made of, as it
 * comes. Leaving the loop stops it. Nothing waits for the loop's body.
 *
 * If it is iterated over it raises no unhandled rejection: the loop throws.
 */
export abstract class Running<Item, Result> implements PromiseLike<Result>, AsyncIterable<Item> {
  readonly #items: Item[] = []
  readonly #settled: Promise<Result>
  #resolve!: (result: Result) => void
  #reject!: (error: unknown) => void
  #waiting: (() => void)[] = []
  #ended = false
  #disobey: (() => void) | undefined

  /** @internal */
  constructor() {
    this.#settled = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Ends it soon. */
  abstract stop(): void

  then<A = Result, B = never>(
    onFulfilled?: ((result: Result) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#settled.then(onFulfilled, onRejected)
  }

  catch<B = never>(
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<Result | B> {
    return this.#settled.catch(onRejected)
  }

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

  /** What there has been so far. @internal */
  protected get items(): readonly Item[] {
    return this.#items
  }

  /** Gives loops an item. @internal */
  protected emit(item: Item): void {
    this.#items.push(item)
    this.#notify()
  }

  /** Stops when the signal aborts. @internal */
  protected obey(signal: AbortSignal | undefined): void {
    const abort = () => {
      this.stop()
    }
    signal?.addEventListener('abort', abort, { once: true })
    this.#disobey = () => signal?.removeEventListener('abort', abort)
  }

  /** It has ended with this result. @internal */
  protected succeed(result: Result): void {
    this.#resolve(result)
    this.#end()
  }

  /** It has ended with this error. @internal */
  protected fail(error: unknown): void {
    this.#reject(error)
    this.#end()
  }

  #end(): void {
    this.#ended = true
    this.#disobey?.()
    this.#notify()
  }

  #notify(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
